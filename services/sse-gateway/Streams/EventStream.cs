using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.SseGateway.Jobs;

namespace Eco2.SseGateway.Streams;

/// <summary>One open stream: knows which number it sent last and writes the next frames.</summary>
internal sealed class EventStream(HttpContext http, JobLookup jobs, Guid jobId, ScanWords? words, int lastSeq, WireJson json, TimeProvider clock, TimeSpan writeTimeout)
{
    private readonly PipeWriter writer = http.Response.BodyWriter;

    internal int LastSeq { get; private set; } = lastSeq;

    /// <summary>True after a terminal event: nothing can follow.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Timestamp of the clock.</summary>
    internal long LastWrite { get; private set; }

    internal async Task OpenAsync(IReadOnlyList<JobEvent> backlog, CancellationToken ct)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-cache, no-transform";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        Write("retry: 2000\n\n");
        await WriteNewAsync(backlog, ct);
        await FlushAsync(ct);
    }

    /// <summary>Sends what is new of <paramref name="events"/>. False if a number is missing before them; then nothing after the hole is sent.</summary>
    internal async Task<bool> SendAsync(IReadOnlyList<JobEvent> events, CancellationToken ct)
    {
        var before = LastSeq;
        var whole = await WriteNewAsync(events, ct);
        if (LastSeq != before)
        {
            await FlushAsync(ct);
        }

        return whole;
    }

    internal Task SendKeepaliveAsync(CancellationToken ct)
    {
        Write($"event: keepalive\ndata: {{\"ts\":\"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}\"}}\n\n");
        return FlushAsync(ct);
    }

    internal Task SendReconnectAsync(string reason, CancellationToken ct)
    {
        Write($"event: reconnect\ndata: {{\"reason\":\"{reason}\"}}\n\n");
        return FlushAsync(ct);
    }

    private async ValueTask<bool> WriteNewAsync(IReadOnlyList<JobEvent> events, CancellationToken ct)
    {
        foreach (var happened in events)
        {
            if (happened.Seq <= LastSeq)
            {
                continue;
            }

            if (happened.Seq != LastSeq + 1)
            {
                return false;
            }

            var frame = Frame(happened);
            if (happened.IsTerminal())
            {
                frame = frame with { Result = await WithWordsAsync(happened.Result, ct) };
            }

            Write($"id: {happened.Seq}\nevent: {happened.Stage}\ndata: ");
            // JSON text holds no line break, so one data line carries it.
            writer.Write(JsonSerializer.SerializeToUtf8Bytes(frame, json.Options));
            Write("\n\n");
            LastSeq = happened.Seq;
            HasEnded = happened.IsTerminal();
        }

        return true;
    }

    private ValueTask<JsonElement?> WithWordsAsync(JsonElement? result, CancellationToken ct) =>
        words is not null && result is { } document && ScanWords.AreMissingIn(document)
            ? new(ScanWords.PutInto(document, words.Text))
            : jobs.WithWordsAsync(jobId, result, ct);

    private StreamFrame Frame(JobEvent happened) => new(
        jobId,
        happened.Stage,
        happened.Status,
        happened.Seq,
        happened.Ts,
        happened.Progress,
        happened.Message,
        happened.Result,
        happened.Error,
        happened.TraceId,
        happened.EventId);

    private void Write(string text) => Encoding.UTF8.GetBytes(text, writer);

    private async Task FlushAsync(CancellationToken ct)
    {
        LastWrite = clock.GetTimestamp();
        var flush = writer.FlushAsync(ct);
        if (!flush.IsCompletedSuccessfully)
        {
            // Back-pressure: the client reads slowly or not at all.
            await flush.AsTask().WaitAsync(writeTimeout, clock, ct);
        }
    }
}
