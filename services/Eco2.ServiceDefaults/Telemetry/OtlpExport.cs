using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Eco2.ServiceDefaults.Telemetry;

/// <summary>Sends traces and metrics to a collector, once <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one. Sampling and batches are set by OpenTelemetry's own
/// variables (<c>OTEL_TRACES_SAMPLER</c>, <c>OTEL_BSP_*</c>). Without an endpoint nothing of it is loaded.</summary>
internal sealed class OtlpExport(ServiceIdentity service, IConfiguration configuration) : IHostedService
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private TracerProvider? traces;
    private MeterProvider? metrics;

    internal static bool IsOn(IConfiguration configuration) => !string.IsNullOrEmpty(configuration[Endpoint]);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var collector = configuration[Endpoint]!.TrimEnd('/');
        var resource = ResourceBuilder.CreateDefault()
            .AddService(service.Name, serviceNamespace: "eco2", serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}");
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Dapr.Workflow", "eco2.*")
            .AddOtlpExporter(otlp =>
            {
                otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
                otlp.Endpoint = new Uri(collector + "/v1/traces");
            })
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "eco2.*")
            .AddOtlpExporter(otlp =>
            {
                otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
                otlp.Endpoint = new Uri(collector + "/v1/metrics");
            })
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>Flushes what is left.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        traces?.Dispose();
        metrics?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>The framework starts a server span before it knows the route, and leaves it without name.</summary>
    internal static async Task NameSpanAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        finally
        {
            if (http.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span)
            {
                var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
                span.SetTag("http.request.method", http.Request.Method);
                span.SetTag("http.route", route);
                span.SetTag("http.response.status_code", http.Response.StatusCode);
                span.DisplayName = route is null ? http.Request.Method : $"{http.Request.Method} {route}";
            }
        }
    }
}
