using System.Buffers;
using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace EmbeddedSidecar.Telemetry;

/// <summary>Posts spans to a collector in Zipkin's JSON, version 2. A batch that does not arrive is lost, as with daprd.</summary>
internal sealed partial class ZipkinExporter : BaseExporter<Activity>
{
    // Where a span may say whom it called, the best first.
    private static readonly string[] Peers = ["peer.service", "server.address", "net.peer.name", "db.name"];

    // OpenTelemetry's own limit for an export, which no Configuration can change for Zipkin.
    private readonly HttpClient _http = new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri _collector;
    private readonly ILogger _log;

    private ZipkinExporter(Uri collector, ILogger log) => (_collector, _log) = (collector, log);

    /// <summary>Sends in batches, as large and as often as OpenTelemetry's variables OTEL_BSP_* say.</summary>
    public static BatchActivityExportProcessor InBatches(Uri collector, ILogger log)
    {
        var batches = new BatchExportActivityProcessorOptions();
        return new BatchActivityExportProcessor(
            new ZipkinExporter(collector, log), batches.MaxQueueSize, batches.ScheduledDelayMilliseconds, batches.ExporterTimeoutMilliseconds, batches.MaxExportBatchSize);
    }

    public override ExportResult Export(in Batch<Activity> batch)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _collector) { Content = new ReadOnlyMemoryContent(Json(batch)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = _http.Send(request);
            response.EnsureSuccessStatusCode();
            return ExportResult.Success;
        }
        catch (Exception failed) when (failed is HttpRequestException or TaskCanceledException)
        {
            NotSent(_log, batch.Count, _collector, failed.Message);
            return ExportResult.Failure;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _http.Dispose();
        base.Dispose(disposing);
    }

    private ReadOnlyMemory<byte> Json(in Batch<Activity> batch)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartArray();
        foreach (var span in batch)
        {
            Write(json, span);
        }

        json.WriteEndArray();
        json.Flush();
        return body.WrittenMemory;
    }

    private void Write(Utf8JsonWriter json, Activity span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId.ToHexString());
        json.WriteString("id", span.SpanId.ToHexString());
        if (span.ParentSpanId != default)
        {
            json.WriteString("parentId", span.ParentSpanId.ToHexString());
        }

        json.WriteString("name", span.DisplayName);
        if (span.Kind != ActivityKind.Internal)
        {
            json.WriteString("kind", span.Kind.ToString().ToUpperInvariant());
        }

        json.WriteNumber("timestamp", (span.StartTimeUtc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        // Zipkin takes 0 for unknown.
        json.WriteNumber("duration", Math.Max(1, (long)Math.Round(span.Duration.TotalMicroseconds)));
        var tags = Tags(span);
        WriteEndpoint(json, "localEndpoint", tags.GetValueOrDefault("service.name") ?? "");
        if (span.Kind is ActivityKind.Client or ActivityKind.Producer && Array.Find(Peers, tags.ContainsKey) is { } peer)
        {
            WriteEndpoint(json, "remoteEndpoint", tags[peer]);
        }

        json.WriteStartObject("tags");
        foreach (var (name, value) in tags)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEndpoint(Utf8JsonWriter json, string name, string service)
    {
        json.WriteStartObject(name);
        json.WriteString("serviceName", service);
        json.WriteEndObject();
    }

    // Zipkin knows neither resources nor a status of spans: all of it becomes tags.
    private Dictionary<string, string> Tags(Activity span)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in span.EnumerateTagObjects())
        {
            Add(name, value);
        }

        foreach (var (name, value) in ParentProvider.GetResource().Attributes)
        {
            Add(name, value);
        }

        tags["otel.library.name"] = span.Source.Name;
        tags.Remove("error");
        if (span.Status != ActivityStatusCode.Unset)
        {
            tags["otel.status_code"] = span.Status == ActivityStatusCode.Ok ? "OK" : "ERROR";
        }

        if (span.Status == ActivityStatusCode.Error)
        {
            tags["error"] = span.StatusDescription ?? "";
        }

        return tags;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                tags[name] = value switch
                {
                    bool flag => flag ? "true" : "false",
                    string text => text,
                    IEnumerable list => JsonSerializer.Serialize(list),
                    _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
                };
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} spans were not sent to {Collector}: {Reason}")]
    private static partial void NotSent(ILogger log, long count, Uri collector, string reason);
}
