using System.Globalization;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>One lane per job in this replica: whatever has come for a job is appended with one read and one write, and batches that
/// overtook each other on the way wait here for a moment instead of going back to the broker. Another replica may hold a lane for the same
/// job; the ETag decides between them.</summary>
internal sealed partial class JobLanes(
    DaprClient dapr,
    Announcer announcer,
    IOptions<EventRouterOptions> options,
    TimeProvider clock,
    ILogger<JobLanes> logger)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly Dictionary<Guid, Lane> lanes = [];
    private readonly EventRouterOptions limits = options.Value;

    private sealed class Waiting(JobEventBatch batch, long since)
    {
        public JobEventBatch Batch { get; } = batch;

        public long Since { get; } = since;

        public TaskCompletionSource<bool> Accepted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Lane
    {
        public List<Waiting> Arrived { get; set; } = [];

        public TaskCompletionSource More { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>True when the batch is in the log and told; false when it should come again.</summary>
    internal Task<bool> AppendAsync(JobEventBatch batch)
    {
        if (batch.Events.Count == 0)
        {
            return Task.FromResult(true);
        }

        var waiting = new Waiting(batch, clock.GetTimestamp());
        lock (lanes)
        {
            if (lanes.TryGetValue(batch.JobId, out var lane))
            {
                lane.Arrived.Add(waiting);
                lane.More.TrySetResult();
            }
            else
            {
                lane = new Lane { Arrived = [waiting] };
                lanes.Add(batch.JobId, lane);
                _ = Task.Run(() => DriveAsync(batch.JobId, lane));
            }
        }

        return waiting.Accepted.Task;
    }

    /// <summary>1. Take what has arrived. 2. Append it. 3. What came early waits for more to arrive, or for its time to run out.
    /// 4. With nothing left the lane closes.</summary>
    private async Task DriveAsync(Guid jobId, Lane lane)
    {
        List<Waiting> early = [];
        while (true)
        {
            Task more;
            lock (lanes)
            {
                early.AddRange(lane.Arrived);
                lane.Arrived = [];
                if (early.Count == 0)
                {
                    lanes.Remove(jobId);
                    return;
                }

                lane.More = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more = lane.More.Task;
            }

            early = await TryAppendAsync(jobId, early);
            if (early.Count == 0)
            {
                continue;
            }

            var rest = limits.LocalWait - early.Max(w => clock.GetElapsedTime(w.Since));
            if (rest > TimeSpan.Zero)
            {
                using var stop = new CancellationTokenSource();
                await Task.WhenAny(more, Task.Delay(rest, clock, stop.Token));
                await stop.CancelAsync();
            }
            else
            {
                // Nobody here has what they must follow: perhaps another replica, perhaps the broker still holds it.
                early.ForEach(w => w.Accepted.SetResult(false));
                early = [];
            }
        }
    }

    /// <summary>Returns those that came early. All others have their answer.</summary>
    private async Task<List<Waiting>> TryAppendAsync(Guid jobId, List<Waiting> batches)
    {
        try
        {
            for (var attempt = 1; attempt <= limits.WriteAttempts; attempt++)
            {
                var (job, etag) = await dapr.GetStateAndETagAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(jobId));
                if (job is null)
                {
                    // The document is made before anything can be published about the job, so it has expired since.
                    Forgotten(logger, jobId);
                    batches.ForEach(w => w.Accepted.SetResult(true));
                    return [];
                }

                var now = clock.GetUtcNow();
                var outcome = JobLog.Append(job, [.. batches.Select(w => w.Batch)], batch => now - batch.Events[^1].Ts > limits.Patience);
                if (outcome.Added.Count == 0 || await SaveAsync(outcome.Document, etag))
                {
                    return await TellAsync(outcome, batches);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 10 * attempt)), clock);
            }

            Contended(logger, jobId, limits.WriteAttempts);
        }
        catch (DaprException e)
        {
            StoreAway(logger, e, jobId);
        }
#pragma warning disable CA1031 // The lane must answer whoever waits in it, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Broken(logger, e, jobId);
        }

        batches.ForEach(w => w.Accepted.TrySetResult(false));
        return [];
    }

    private Task<bool> SaveAsync(JobDocument job, string etag)
    {
        var lifetime = job.IsFinished() ? limits.FinishedLifetime : limits.RunningLifetime;
        var metadata = new Dictionary<string, string>
        {
            ["ttlInSeconds"] = ((int)Math.Ceiling(lifetime.TotalSeconds)).ToString(CultureInfo.InvariantCulture),
        };
        return dapr.TrySaveStateAsync(JobDocument.Store, JobDocument.KeyOf(job.JobId), job, etag, FirstWrite, metadata);
    }

    /// <summary>What is in the log is told, also when it was told before: the one who told it may have died in between.</summary>
    private async Task<List<Waiting>> TellAsync(JobLog.Outcome outcome, List<Waiting> batches)
    {
        foreach (var batch in outcome.OutOfTurn)
        {
            OutOfTurn(logger, batch.JobId, batch.Events[0].EventId, batch.After!);
        }

        var job = outcome.Document;
        JobEvent[] news = [.. outcome.Repeated.Concat(outcome.Added).DistinctBy(e => e.Seq).OrderBy(e => e.Seq)];
        var told = true;
        if (news.Length > 0)
        {
            var last = news[^1];
            var finished = last.IsTerminal()
                ? new JobFinished(job.JobId, job.UserId, job.Kind, job.Status, last.Ts, last.Result, last.Error)
                : null;
            told = await announcer.TellAsync(new JobFanout(job.JobId, job.UserId, news), finished);
        }

        List<Waiting> early = [];
        for (var i = 0; i < batches.Count; i++)
        {
            if (outcome.Verdicts[i] is JobLog.Verdict.Early)
            {
                early.Add(batches[i]);
            }
            else
            {
                batches[i].Accepted.SetResult(told);
            }
        }

        return early;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} has no document any more; its late events are dropped")]
    private static partial void Forgotten(ILogger logger, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: {Attempts} writes lost against other replicas; the events will come again")]
    private static partial void Contended(ILogger logger, Guid jobId, int attempts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} cannot be stored now; its events will come again")]
    private static partial void StoreAway(ILogger logger, Exception exception, Guid jobId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}: its events could not be appended; they will come again")]
    private static partial void Broken(ILogger logger, Exception exception, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: {EventId} is accepted although {After} never came")]
    private static partial void OutOfTurn(ILogger logger, Guid jobId, string eventId, string after);
}
