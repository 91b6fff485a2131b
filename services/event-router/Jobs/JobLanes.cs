using System.Globalization;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>One lane per job in this replica: whatever has come for a job is appended with one read and one write. Another replica may hold
/// a lane for the same job; the ETag decides between them. Nothing here waits for a message that is still to come: a bulk subscription brings
/// the next ones only after the answer to these.</summary>
internal sealed partial class JobLanes(
    DaprClient dapr,
    Announcer announcer,
    IOptions<EventRouterOptions> options,
    TimeProvider clock,
    ILogger<JobLanes> logger)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly Dictionary<Guid, List<Waiting>> lanes = [];
    private readonly HashSet<Guid> watched = [];
    private readonly EventRouterOptions limits = options.Value;

    private sealed record Waiting(JobEventBatch? Batch, TaskCompletionSource<bool> Accepted);

    /// <summary>True when the batch is stored and told; false when it should come again.</summary>
    internal Task<bool> AppendAsync(JobEventBatch batch) => batch.Events.Count == 0 ? Task.FromResult(true) : EnterAsync(batch.JobId, batch);

    private Task<bool> EnterAsync(Guid jobId, JobEventBatch? batch)
    {
        var waiting = new Waiting(batch, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (lanes)
        {
            if (lanes.TryGetValue(jobId, out var lane))
            {
                lane.Add(waiting);
            }
            else
            {
                lanes.Add(jobId, [waiting]);
                _ = Task.Run(() => DriveAsync(jobId));
            }
        }

        return waiting.Accepted.Task;
    }

    /// <summary>Takes what has arrived and appends it, until nothing has.</summary>
    private async Task DriveAsync(Guid jobId)
    {
        while (true)
        {
            List<Waiting> arrived;
            lock (lanes)
            {
                arrived = lanes[jobId];
                if (arrived.Count == 0)
                {
                    lanes.Remove(jobId);
                    return;
                }

                lanes[jobId] = [];
            }

            var accepted = await TryAppendAsync(jobId, [.. arrived.Select(w => w.Batch).OfType<JobEventBatch>()]);
            arrived.ForEach(w => w.Accepted.SetResult(accepted));
        }
    }

    private async Task<bool> TryAppendAsync(Guid jobId, IReadOnlyList<JobEventBatch> batches)
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
                    return true;
                }

                var now = clock.GetUtcNow();
                var outcome = JobLog.Append(job, batches, batch => now - batch.Events[^1].Ts > limits.Patience);
                if (!outcome.Changed || await SaveAsync(outcome.Document, etag))
                {
                    return await TellAsync(outcome);
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

        return false;
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
    private async Task<bool> TellAsync(JobLog.Outcome outcome)
    {
        foreach (var batch in outcome.OutOfTurn)
        {
            OutOfTurn(logger, batch.JobId, batch.Events[0].EventId, batch.After!);
        }

        var job = outcome.Document;
        if (job.Early is { Count: > 0 })
        {
            Watch(job.JobId);
        }

        JobEvent[] news = [.. outcome.Repeated.Concat(outcome.Added).DistinctBy(e => e.Seq).OrderBy(e => e.Seq)];
        if (news.Length == 0)
        {
            return true;
        }

        var last = news[^1];
        var finished = last.IsTerminal()
            ? new JobFinished(job.JobId, job.UserId, job.Kind, job.Status, last.Ts, last.Result, last.Error)
            : null;
        return await announcer.TellAsync(new JobFanout(job.JobId, job.UserId, news), finished);
    }

    /// <summary>What came early is looked at again when its patience has run out, in case nothing else comes.</summary>
    private void Watch(Guid jobId)
    {
        lock (watched)
        {
            if (!watched.Add(jobId))
            {
                return;
            }
        }

        _ = LookAgainAsync(jobId);
    }

    private async Task LookAgainAsync(Guid jobId)
    {
        await Task.Delay(limits.Patience + TimeSpan.FromMilliseconds(100), clock);
        lock (watched)
        {
            watched.Remove(jobId);
        }

        await EnterAsync(jobId, null);
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
