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

    /// <summary>Where spans go as JSON for Zipkin, beside OTLP; null = nowhere.</summary>
    public Uri? Zipkin { get; private init; }

    public static TracingSpec Read(YamlMap tracing)
    {
        tracing.RefuseOthers("tracing", "samplingRate", "stdout", "zipkin", "otel");
        if (tracing.Flag("stdout"))
        {
            throw tracing.Refuse("stdout", "is not supported by the embedded sidecar, whose spans leave by otel and zipkin only");
        }

        var rate = tracing.Text("samplingRate") is not { Length: > 0 } text ? 0
            : double.TryParse(text, CultureInfo.InvariantCulture, out var given) ? Math.Clamp(given, 0, 1)
            : UnreadableRate;
        var spec = Off with { SamplingRate = rate, Zipkin = tracing.Map("zipkin") is { } zipkin ? Collector(zipkin) : null };
        return tracing.Map("otel") is { } otel ? spec.With(otel) : spec;
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
            : Zipkin is not null ? this : null;
    }

    private static Uri? Collector(YamlMap zipkin)
    {
        zipkin.RefuseOthers("zipkin", "endpointAddress");
        return zipkin.Text("endpointAddress") is not { Length: > 0 } address ? null
            : Uri.TryCreate(address, UriKind.Absolute, out var collector) && collector.Scheme is "http" or "https" ? collector
            : throw zipkin.Refuse("endpointAddress", "must be an address such as http://localhost:9411/api/v2/spans");
    }

    private TracingSpec With(YamlMap otel)
    {
        otel.RefuseOthers("otel", "endpointAddress", "protocol", "isSecure", "headers", "timeout");
        if (otel.Text("endpointAddress") is not { Length: > 0 } address)
        {
            return this;
        }

        var isGrpc = otel.Text("protocol") switch
        {
            "grpc" => true,
            "http" => false,
            _ => throw otel.Refuse("protocol", "must be grpc or http"),
        };
        var scheme = otel.Text("isSecure") is not { Length: > 0 } || otel.Flag("isSecure") ? "https" : "http";
        return Uri.TryCreate($"{scheme}://{address}{(isGrpc ? "" : "/v1/traces")}", UriKind.Absolute, out var endpoint)
            ? this with { Endpoint = endpoint, IsGrpc = isGrpc, Headers = otel.Text("headers"), Timeout = otel.Duration("timeout") }
            : throw otel.Refuse("endpointAddress", "must be host:port");
    }
}
