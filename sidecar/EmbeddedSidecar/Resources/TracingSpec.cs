using System.Globalization;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Resources;

/// <summary>Section tracing of a Configuration.</summary>
/// <param name="SamplingRate">0 to 1: the share of traces that begin here; those that a caller began follow the caller. 0 turns spans off.</param>
/// <param name="Endpoint">Where OTLP goes, as the exporter wants it; null = as the environment says, and nowhere if it says nothing.</param>
internal sealed record TracingSpec(double SamplingRate, Uri? Endpoint, bool IsGrpc, string? Headers, TimeSpan? Timeout)
{
    // What daprd takes for a rate it cannot read.
    private const double UnreadableRate = 1e-4;

    public static readonly TracingSpec Off = new(0, null, false, null, null);

    public static TracingSpec Read(YamlMap tracing)
    {
        tracing.RefuseOthers("tracing", "samplingRate", "stdout", "zipkin", "otel");
        if (tracing.Flag("stdout") || tracing.Map("zipkin")?.Text("endpointAddress") is { Length: > 0 })
        {
            throw tracing.Refuse(tracing.Flag("stdout") ? "stdout" : "zipkin", "is not supported by the embedded sidecar, whose spans leave by otel only");
        }

        var rate = tracing.Text("samplingRate") is not { Length: > 0 } text ? 0
            : double.TryParse(text, CultureInfo.InvariantCulture, out var given) ? Math.Clamp(given, 0, 1)
            : UnreadableRate;
        if (tracing.Map("otel") is not { } otel)
        {
            return Off with { SamplingRate = rate };
        }

        otel.RefuseOthers("otel", "endpointAddress", "protocol", "isSecure", "headers", "timeout");
        if (otel.Text("endpointAddress") is not { Length: > 0 } address)
        {
            return Off with { SamplingRate = rate };
        }

        var isGrpc = otel.Text("protocol") switch
        {
            "grpc" => true,
            "http" => false,
            _ => throw otel.Refuse("protocol", "must be grpc or http"),
        };
        var scheme = otel.Text("isSecure") is not { Length: > 0 } || otel.Flag("isSecure") ? "https" : "http";
        return Uri.TryCreate($"{scheme}://{address}{(isGrpc ? "" : "/v1/traces")}", UriKind.Absolute, out var endpoint)
            ? new TracingSpec(rate, endpoint, isGrpc, otel.Text("headers"), otel.Duration("timeout"))
            : throw otel.Refuse("endpointAddress", "must be host:port");
    }

    /// <summary>The same with the endpoint of the environment where the file names none; null when there is nothing to send or nowhere to.</summary>
    public TracingSpec? In(AppSettings settings)
    {
        if (SamplingRate == 0)
        {
            return null;
        }

        if (Endpoint is not null)
        {
            return this;
        }

        return settings.Variable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 } collector && Uri.TryCreate(collector.TrimEnd('/') + "/v1/traces", UriKind.Absolute, out var endpoint)
            ? this with { Endpoint = endpoint, Headers = settings.Variable("OTEL_EXPORTER_OTLP_HEADERS") }
            : null;
    }
}
