using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Eco2.ServiceDefaults.Telemetry;

/// <summary>Logs, metrics and traces of an app.</summary>
internal static class TelemetryDefaults
{
    private const string Path = "/metrics";

    internal static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console => console.FormatterName = JsonLogFormatter.FormatterName);
        builder.Logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning);

        if (MetricsUrl(builder.Configuration) is not null)
        {
            builder.Services.TryAddSingleton<PrometheusMetrics>();
        }

        if (OtlpExport.IsOn(builder.Configuration))
        {
            builder.Services.AddHostedService<OtlpExport>();
        }
    }

    /// <summary>Comes first: what is asked at the metrics port is answered here and goes no further.</summary>
    internal static void UseTelemetry(this WebApplication app)
    {
        if (MetricsUrl(app.Configuration) is { } url)
        {
            var port = BindingAddress.Parse(url).Port;
            var metrics = app.Services.GetRequiredService<PrometheusMetrics>();
            app.Use((http, next) => http.Connection.LocalPort == port ? AnswerAsync(http, metrics) : next(http));
        }

        if (OtlpExport.IsOn(app.Configuration))
        {
            app.Use(OtlpExport.NameSpanAsync);
        }
    }

    private static Task AnswerAsync(HttpContext http, PrometheusMetrics metrics)
    {
        if (http.Request.Path != Path)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        http.Response.ContentType = PrometheusMetrics.ContentType;
        return http.Response.WriteAsync(metrics.Write(), http.RequestAborted);
    }

    /// <summary>Where metrics are shown, such as <c>http://*:9464</c>. A port of its own: what people reach must not show how the house is doing, and a
    /// scraper has no token of the sidecar.</summary>
    internal static string? MetricsUrl(IConfiguration configuration) => configuration["ECO2_METRICS_URL"] is { Length: > 0 } url ? url : null;
}
