using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.LoadGenerator;

/// <summary>One event to every stream.</summary>
/// <param name="Latency">From the publish call of an event to its arrival, ms.</param>
/// <param name="PublishMs">Until the last publish call was answered.</param>
/// <param name="LastMs">From the first publish to the last arrival.</param>
/// <param name="Missed">Streams that it did not reach within 30 s.</param>
internal sealed record Delivery(Percentiles Latency, double PublishMs, double LastMs, int Missed)
{
    public override string ToString() =>
        $"p50 {Latency.P50} ms, p95 {Latency.P95} ms, max {Latency.Max} ms; published in {PublishMs} ms, last arrival after {LastMs} ms, missed {Missed}";
}

/// <summary>What idle streams cost is measured by whoever started us, between the two lines that begin and end the window.</summary>
/// <param name="Spread">Published to job.events evenly over the set time.</param>
/// <param name="Burst">Published to job.events as fast as the sidecar takes it.</param>
/// <param name="Told">Published to job.fanout as fast as the sidecar takes it: the gateway alone.</param>
/// <param name="Wrong">Gaps and repeats.</param>
internal sealed record StreamsReport(int Streams, double IdleSeconds, Delivery Spread, Delivery Burst, Delivery Told, int Reconnects, int Wrong)
{
    public Task WriteAsync(string path, CancellationToken ct) =>
        File.WriteAllBytesAsync(path, JsonSerializer.SerializeToUtf8Bytes(this, StreamReportJson.Default.StreamsReport), ct);
}

/// <summary>Token events of many jobs.</summary>
/// <param name="Rate">Events a second of each job.</param>
/// <param name="Events">That were due in the window.</param>
/// <param name="Publishes">Messages that carried them; a call carries many.</param>
/// <param name="Latency">From the moment an event was due to its arrival at the client, ms; a producer that is late counts as delay.</param>
/// <param name="Publish">From handing a message over until the broker had it, ms.</param>
/// <param name="Missed">Events that did not arrive within 30 s.</param>
/// <param name="Wrong">Gaps and repeats.</param>
internal sealed record TokensReport(int Jobs, double Rate, double Seconds, int Events, int Publishes, Percentiles Latency, Percentiles Publish, int Missed, int Wrong)
{
    public Task WriteAsync(string path, CancellationToken ct) =>
        File.WriteAllBytesAsync(path, JsonSerializer.SerializeToUtf8Bytes(this, StreamReportJson.Default.TokensReport), ct);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(StreamsReport))]
[JsonSerializable(typeof(TokensReport))]
internal sealed partial class StreamReportJson : JsonSerializerContext;
