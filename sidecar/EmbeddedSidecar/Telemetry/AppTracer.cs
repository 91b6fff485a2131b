using System.Diagnostics;
using EmbeddedSidecar.Resources;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EmbeddedSidecar.Telemetry;

/// <summary>
/// The spans of one app's sidecar, sent by OTLP or to Zipkin under the app's id, with daprd's names and attributes. It exists only when the Configuration asks for
/// spans and there is somewhere to send them: <see cref="Apps.AppInstance.Tracer"/> is null otherwise, and no code of OpenTelemetry is loaded.
/// </summary>
internal sealed class AppTracer : IDisposable
{
    private const string Prefix = "dapr-diagnostics/";
    private static int _made;

    private readonly ActivitySource _spans;
    private readonly TracerProvider _provider;

    /// <param name="spec">With an endpoint, a Zipkin, or both.</param>
    public AppTracer(string appId, TracingSpec spec, ILogger<AppTracer> log)
    {
        // A source of its own for each, since one process has many sidecars and each tells its own spans only.
        _spans = new ActivitySource($"{Prefix}{appId}/{Interlocked.Increment(ref _made)}");
        var builder = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateDefault().AddService(appId, serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}-sidecar"))
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(spec.SamplingRate)))
            .AddSource(_spans.Name);
        if (spec.Endpoint is { } endpoint)
        {
            builder.AddOtlpExporter(otlp =>
            {
                otlp.Protocol = spec.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
                otlp.Endpoint = endpoint;
                otlp.Headers = spec.Headers;
                otlp.TimeoutMilliseconds = spec.Timeout is { } timeout ? (int)timeout.TotalMilliseconds : otlp.TimeoutMilliseconds;
            });
        }

        if (spec.Zipkin is { } collector)
        {
            builder.AddProcessor(ZipkinExporter.InBatches(collector, log));
        }

        _provider = builder.Build();
        IsUsed = true;
    }

    /// <summary>Whether any sidecar of this process has spans.</summary>
    public static bool IsUsed { get; private set; }

    /// <summary>The traceparent of the span of ours that is open here, or null.</summary>
    public static string? Here => IsUsed && Activity.Current is { IsStopped: false } span && IsOurs(span) ? span.Id : null;

    /// <summary>Begins a span that is the current one until it is disposed.</summary>
    /// <param name="traceParent">The parent; without one a trace begins, whatever else is going on here.</param>
    public Activity? Start(string name, ActivityKind kind, string? traceParent, string? traceState = null)
    {
        if (!ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent))
        {
            // Else the framework's own span of this request would become the parent, and nobody is told of that one.
            Activity.Current = null;
        }

        return _spans.StartActivity(name, kind, parent);
    }

    /// <summary>Begins a span inside the one of ours that is open here.</summary>
    public Activity? StartChild(string name, ActivityKind kind) => Start(name, kind, Here);

    /// <summary>Begins a span that somebody else ends, somewhere else.</summary>
    public Activity? StartDetached(string name, ActivityKind kind, string? traceParent, string? traceState = null, DateTimeOffset began = default)
    {
        var current = Activity.Current;
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent);
        Activity.Current = null;
        var span = _spans.StartActivity(name, kind, parent, startTime: began);
        Activity.Current = current;
        return span;
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose()
    {
        _provider.Dispose();
        _spans.Dispose();
    }

    private static bool IsOurs(Activity span) => span.Source.Name.StartsWith(Prefix, StringComparison.Ordinal);
}
