using System.Diagnostics.Metrics;

namespace Eco2.SseGateway.Streams;

/// <summary>Open streams and how they fare.</summary>
internal sealed class StreamMeter
{
    internal const string Name = "eco2.sse";
    private readonly UpDownCounter<long> open;
    private readonly Counter<long> closed;
    private readonly Counter<long> catchUps;

    public StreamMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        open = meter.CreateUpDownCounter<long>("eco2.sse.streams", "{stream}", "Streams open now");
        closed = meter.CreateCounter<long>("eco2.sse.streams.closed", "{stream}", "Streams closed, by why: end, reconnect, left, stuck");
        catchUps = meter.CreateCounter<long>("eco2.sse.catch_ups", "{read}", "Reads of the log by open streams, because of a gap in the numbers or of silence");
    }

    internal void Opened() => open.Add(1);

    internal void Closed(string why)
    {
        open.Add(-1);
        closed.Add(1, new KeyValuePair<string, object?>("why", why));
    }

    internal void CaughtUp(string why) => catchUps.Add(1, new KeyValuePair<string, object?>("why", why));
}
