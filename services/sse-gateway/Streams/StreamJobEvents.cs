using System.Globalization;
using Dapr;
using Eco2.ServiceDefaults;
using Eco2.SseGateway.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Eco2.SseGateway.Streams;

/// <summary>The events of an own job as server-sent events: everything after <c>Last-Event-ID</c> from the log, then live.</summary>
internal sealed partial class StreamJobEvents
{
    internal static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/scan/{id}/events", Handle).Produces(200, contentType: "text/event-stream");
        routes.MapGet("/api/v1/jobs/{id}/events", Handle).Produces(200, contentType: "text/event-stream");
    }

    /// <summary>1. Listen for news before reading the log, so that nothing falls between. 2. Read the log; only the owner gets further.
    /// 3. Send what the client has not seen. 4. Then live, dropping by number what was sent already. 5. A hole in the numbers means a lost
    /// message: read the log again. So does every silence.</summary>
    internal static async Task<Results<EmptyHttpResult, NoContent, ProblemHttpResult>> Handle(
        HttpContext http,
        string id,
        CurrentUser user,
        JobLookup jobs,
        StreamHub hub,
        StreamLimits limits,
        StreamMeter meter,
        IOptions<SseOptions> options,
        IHostApplicationLifetime host,
        WireJson json,
        TimeProvider clock,
        ILogger<StreamJobEvents> logger)
    {
        if (!Guid.TryParseExact(id, "D", out var jobId))
        {
            return Problems.JobNotFound();
        }

        if (!TryReadLastEventId(http.Request, out var seen))
        {
            return Problems.LastEventIdInvalid();
        }

        var ct = http.RequestAborted;
        using var subscription = hub.Subscribe(jobId);
        var (found, words) = await jobs.ReadWithWordsAsync(jobId, ct);
        if (found is not { } job)
        {
            return await ExpiredAsync(jobId, user, jobs, ct);
        }

        if (job.UserId != user.Id)
        {
            return Problems.JobNotFound();
        }

        if (job.IsFinished() && seen == job.LastSeq())
        {
            // The client has it all. 204 tells a browser to stop reconnecting.
            return TypedResults.NoContent();
        }

        var (entered, full) = await limits.EnterAsync(user.Id, jobId, ct);
        if (entered is null)
        {
            return Problems.TooManyStreams(full!);
        }

        using var place = entered;

        // A number we never gave cannot be trusted: such a client gets everything.
        var from = seen > job.LastSeq() ? 0 : seen;
        if (await jobs.ReadAfterAsync(job, from, ct) is not { } backlog)
        {
            return Problems.EventsExpired(jobId);
        }

        var stream = new EventStream(http, jobs, jobId, words, from, json, clock, options.Value.WriteTimeout);
        var why = "left";
        meter.Opened();
        try
        {
            await stream.OpenAsync(backlog, ct);
            await FollowAsync(stream, subscription, jobs, options.Value, clock, host, meter, logger, ct);
            why = stream.HasEnded ? "end" : "reconnect";
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            ClientLeft(logger, jobId, stream.LastSeq);
        }
        catch (TimeoutException)
        {
            why = "stuck";
            ClientTakesNothing(logger, jobId, stream.LastSeq);
            http.Abort();
        }
        finally
        {
            meter.Closed(why);
        }

        return TypedResults.Empty;
    }

    private static async Task FollowAsync(
        EventStream stream,
        StreamHub.Subscription subscription,
        JobLookup jobs,
        SseOptions options,
        TimeProvider clock,
        IHostApplicationLifetime host,
        StreamMeter meter,
        ILogger logger,
        CancellationToken ct)
    {
        var stopping = host.ApplicationStopping;
        var end = After(clock.GetTimestamp(), options.MaxDuration);
        while (!stream.HasEnded)
        {
            subscription.WakeAt = Math.Min(end, After(stream.LastWrite, options.Keepalive));
            var signal = await subscription.Signals.ReadAsync(ct);
            if (stopping.IsCancellationRequested || clock.GetTimestamp() >= end)
            {
                await stream.SendReconnectAsync(stopping.IsCancellationRequested ? "shutdown" : "max_duration", ct);
                return;
            }

            if (signal.News is { } news)
            {
                if (!await stream.SendAsync(news, ct))
                {
                    meter.CaughtUp("gap");
                    await CatchUpAsync(stream, subscription.JobId, jobs, logger, ct);
                }
            }
            else if (clock.GetTimestamp() >= After(stream.LastWrite, options.Keepalive))
            {
                meter.CaughtUp("silence");
                await CatchUpAsync(stream, subscription.JobId, jobs, logger, ct);
                if (!stream.HasEnded)
                {
                    await stream.SendKeepaliveAsync(ct);
                }
            }
        }

        long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * clock.TimestampFrequency);
    }

    private static async Task CatchUpAsync(EventStream stream, Guid jobId, JobLookup jobs, ILogger logger, CancellationToken ct)
    {
        try
        {
            if (await jobs.ReadAsync(jobId, ct) is { } job && job.LastSeq() > stream.LastSeq
                && await jobs.ReadAfterAsync(job, stream.LastSeq, ct) is { } missed)
            {
                await stream.SendAsync(missed, ct);
            }
        }
        catch (DaprException e)
        {
            // The stream lives on; the next silence asks again.
            LogAway(logger, e, jobId);
        }
    }

    private static async Task<ProblemHttpResult> ExpiredAsync(Guid jobId, CurrentUser user, JobLookup jobs, CancellationToken ct)
    {
        try
        {
            return await jobs.RememberedAsync(jobId, user.Id, ct) is null ? Problems.JobNotFound() : Problems.EventsExpired(jobId);
        }
        catch (HttpRequestException)
        {
            return Problems.Away();
        }
    }

    /// <summary>The header wins: a browser that reconnects sends it beside the address it was first given.</summary>
    private static bool TryReadLastEventId(HttpRequest request, out int seq)
    {
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : request.Query["last_event_id"].ToString();
        seq = 0;
        return text.Length == 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seq);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Stream of job {JobId} left after event {Seq}")]
    private static partial void ClientLeft(ILogger logger, Guid jobId, int seq);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stream of job {JobId} is cut off after event {Seq}: its client takes nothing")]
    private static partial void ClientTakesNothing(ILogger logger, Guid jobId, int seq);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of job {JobId} cannot be read now")]
    private static partial void LogAway(ILogger logger, Exception exception, Guid jobId);
}
