using System.Buffers;
using System.Globalization;
using System.Net;

namespace Eco2.LoadGenerator;

/// <summary>How a stream is followed.</summary>
/// <param name="CutChance">Chance, after each event, that the client itself cuts the connection and comes back with Last-Event-ID.</param>
/// <param name="BufferBytes">Size of the read buffer of each connection.</param>
public sealed record StreamOptions(double CutChance = 0, int BufferBytes = 16 * 1024)
{
    public static readonly StreamOptions Default = new();
}

public sealed partial class ScanClient
{
    /// <summary>Follows a job to its last event over as many connections as it takes, and writes every event into <paramref name="stream"/>.</summary>
    /// <param name="stream">From <see cref="JobRecord.OpenStream"/>.</param>
    /// <param name="onFrame">Hears every frame, keepalives too, when its bytes have arrived.</param>
    /// <exception cref="TimeoutException">No connection held for <see cref="Patience"/>, or the job is unknown.</exception>
    public async Task FollowAsync(StreamRecord stream, Action<Frame>? onFrame, StreamOptions options, CancellationToken ct)
    {
        var reader = new FrameReader();
        var alive = clock.GetTimestamp();
        for (var attempt = 1; stream.Terminal is null; attempt++)
        {
            TimeSpan? wanted = null;
            string why;
            try
            {
                await RenewAsync(stream.Job.Account, ct);
                using var response = await OpenStreamAsync(stream, ct);
                (why, wanted) = ($"HTTP {(int)response.StatusCode}", response.Headers.RetryAfter?.Delta);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    attempt = 0;
                    reader.Reset();
                    await ReadAsync(response, reader, stream, onFrame, options, ct);
                    alive = clock.GetTimestamp();
                }
                else if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.Gone)
                {
                    stream.EndedWithout($"{why} after event {stream.LastSeq}, which is not terminal");
                    return;
                }
                else
                {
                    Expire(stream.Job.Account, response);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                why = e.Message;
            }

            if (stream.Terminal is null)
            {
                if (clock.GetElapsedTime(alive) > Patience)
                {
                    throw new TimeoutException($"The stream of job {stream.Job.JobId:D} did not open within {Patience.TotalSeconds:0} s; the last answer: {why}");
                }

                stream.Reconnects++;
                await PauseAsync(attempt, wanted, ct);
            }
        }
    }

    private async Task<HttpResponseMessage> OpenStreamAsync(StreamRecord stream, CancellationToken ct)
    {
        using var request = Request(HttpMethod.Get, stream.Job.StreamPath, stream.Job.Account);
        if (stream.LastSeq > 0)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", stream.LastSeq.ToString(CultureInfo.InvariantCulture));
        }

        return await SendAsync(request, ct);
    }

    private static async Task ReadAsync(
        HttpResponseMessage response,
        FrameReader reader,
        StreamRecord stream,
        Action<Frame>? onFrame,
        StreamOptions options,
        CancellationToken ct)
    {
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(options.BufferBytes);
        try
        {
            while (await body.ReadAsync(buffer, ct) is > 0 and var read)
            {
                if (Take(buffer.AsSpan(0, read), reader, stream, onFrame, options))
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>True when the connection is to be cut. After a terminal event it is read to its end instead: nothing may follow.</summary>
    private static bool Take(ReadOnlySpan<byte> bytes, FrameReader reader, StreamRecord stream, Action<Frame>? onFrame, StreamOptions options)
    {
        while (reader.Read(ref bytes, out var frame))
        {
            if (frame.Seq > 0)
            {
                stream.Take(frame);
            }

            onFrame?.Invoke(frame);
            if (frame.Seq > 0 && stream.Terminal is null && options.CutChance > 0 && Random.Shared.NextDouble() < options.CutChance)
            {
                return true;
            }
        }

        return false;
    }
}
