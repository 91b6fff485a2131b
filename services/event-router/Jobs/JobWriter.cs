using System.Diagnostics;
using System.Threading.Channels;
using Dapr;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>Appends what has come, in rounds: everything that gathered during one round is written with the next, many jobs with one read and
/// one write. Another replica may write the same job: the ETag decides between them. Nothing here waits for a message that is still to come:
/// a bulk subscription brings the next ones only after the answer to these.</summary>
internal sealed partial class JobWriter(
    JobStore store,
    Announcer announcer,
    JobMeter meter,
    IOptions<EventRouterOptions> options,
    TimeProvider clock,
    ILogger<JobWriter> logger) : BackgroundService
{
    private const int MostPerRound = 500;
    private readonly EventRouterOptions limits = options.Value;

    // Bounded by what the sidecar delivers at a time: every sender waits for its own answer.
    private readonly Channel<Arrival> queue = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });

    private sealed record Arrival(Guid JobId, JobEventBatch? Batch, string? TraceParent, TaskCompletionSource<bool> Accepted);

    /// <summary>The batches of one job in one round.</summary>
    private sealed record Lane(Guid JobId, IReadOnlyList<Arrival> Arrivals);

    /// <summary>True when the batch is stored and told; false when it should come again.</summary>
    internal Task<bool> AppendAsync(JobEventBatch batch) => batch.Events.Count == 0 ? Task.FromResult(true) : EnterAsync(batch.JobId, batch);

    /// <summary>True when nothing of the job waits any more; false when it should be looked at again.</summary>
    internal Task<bool> LookAgainAsync(Guid jobId) => EnterAsync(jobId, null);

    private Task<bool> EnterAsync(Guid jobId, JobEventBatch? batch)
    {
        var arrival = new Arrival(jobId, batch, Activity.Current?.Id, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        return queue.Writer.TryWrite(arrival) ? arrival.Accepted.Task : Task.FromResult(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var round = new List<Arrival>();
        try
        {
            while (await queue.Reader.WaitToReadAsync(stoppingToken))
            {
                while (round.Count < MostPerRound && queue.Reader.TryRead(out var arrival))
                {
                    round.Add(arrival);
                }

                // Not cancelled with the host: an append that has begun is finished and told.
                await WriteAsync([.. round.GroupBy(a => a.JobId).Select(g => new Lane(g.Key, [.. g]))]);
                round.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopping(logger);
        }
        finally
        {
            queue.Writer.Complete();
            while (queue.Reader.TryRead(out var late))
            {
                late.Accepted.SetResult(false);
            }
        }
    }

    private async Task WriteAsync(IReadOnlyList<Lane> lanes)
    {
        try
        {
            for (var attempt = 1; lanes.Count > 0 && attempt <= limits.WriteAttempts; attempt++)
            {
                if (attempt > 1)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 10 * attempt)), clock);
                }

                lanes = await TryWriteAsync(lanes);
            }

            foreach (var lane in lanes)
            {
                Contended(logger, lane.JobId, limits.WriteAttempts);
            }
        }
        catch (DaprException e)
        {
            StoreAway(logger, e, lanes.Count);
        }
#pragma warning disable CA1031 // Whoever waits must be answered, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Broken(logger, e, lanes.Count);
        }

        foreach (var lane in lanes)
        {
            Answer(lane, _ => false);
        }
    }

    /// <summary>One read and one write for all lanes. Which of them another replica was quicker with, the next read shows: there the batches are
    /// appended again, or found to be in the log already.</summary>
    private async Task<IReadOnlyList<Lane>> TryWriteAsync(IReadOnlyList<Lane> lanes)
    {
        var found = await store.ReadAsync([.. lanes.Select(lane => lane.JobId)]);
        var now = clock.GetUtcNow();
        var appended = new List<(Lane Lane, JobLog.Outcome Outcome, string ETag)>(lanes.Count);
        foreach (var lane in lanes)
        {
            var entry = found[lane.JobId];
            if (entry.Unreadable is { } why)
            {
                Unreadable(logger, lane.JobId, why);
                Answer(lane, _ => false);
            }
            else if (entry.Document is not { } job)
            {
                // The document is made before anything can be published about the job, so it has expired since.
                Forgotten(logger, lane.JobId);
                Answer(lane, _ => true);
            }
            else
            {
                JobEventBatch[] batches = [.. lane.Arrivals.Select(a => a.Batch).OfType<JobEventBatch>()];
                // Not by the age of events: a router that is behind meets old ones whose predecessors are on their way.
                var outcome = JobLog.Append(job, batches, _ => now - job.EarlySince > limits.Patience, limits.ChunkBytes);
                var since = outcome.Added.Count > 0 ? now : job.EarlySince ?? now;
                var document = outcome.Document with { EarlySince = outcome.Document.Early is null ? null : since };
                appended.Add((lane, outcome with { Document = document }, entry.ETag));
            }
        }

        var changed = appended.Where(a => a.Outcome.Changed).ToList();
        var saved = await store.TrySaveAsync(changed.ConvertAll(a => (a.Outcome, a.ETag)), now);
        var written = saved ? appended : [.. appended.Where(a => !a.Outcome.Changed)];
        foreach (var (lane, outcome, _) in written)
        {
            meter.Record(outcome.Document, outcome.Added, outcome.OutOfTurn.Count);
            JobTrace.Record(outcome.Document, outcome.Added, lane.Arrivals[^1].TraceParent);
            _ = AnswerAsync(lane, outcome);
        }

        return saved ? [] : changed.ConvertAll(c => c.Lane);
    }

    /// <summary>What is in the log is told, also when it was told before: the one who told it may have died in between.</summary>
    private async Task AnswerAsync(Lane lane, JobLog.Outcome outcome)
    {
        foreach (var batch in outcome.OutOfTurn)
        {
            OutOfTurn(logger, batch.JobId, batch.Events[0].EventId, batch.After!);
        }

        var job = outcome.Document;
        JobEvent[] news = [.. outcome.Repeated.Concat(outcome.Added).DistinctBy(e => e.Seq).OrderBy(e => e.Seq)];
        if (job.IsFinished() && (news.Length == 0 || !news[^1].IsTerminal()))
        {
            // The end came early and was appended with what comes again now, or when somebody looked: its own message is long gone.
            news = [.. news, job.Events[^1]];
        }

        var last = news.Length == 0 ? null : news[^1];
        var finished = last?.IsTerminal() == true
            ? new JobFinished(job.JobId, job.UserId, job.Kind, job.Status, last.Ts, last.Result, last.Error)
            : null;
        var waits = job.Early is { Count: > 0 };
        // Who looks again has the message that makes us look; a new early batch needs one of its own.
        var begins = waits && lane.Arrivals.Any(a => a.Batch is not null);
        var told = (last is null && !begins)
            || await announcer.TellAsync(last is null ? null : new JobFanout(job.JobId, job.UserId, news), finished, begins ? new JobWaiting(job.JobId) : null, lane.Arrivals[^1].TraceParent);
        Answer(lane, a => told && (a.Batch is null ? !waits : !outcome.Refused.Contains(a.Batch)));
    }

    private static void Answer(Lane lane, Func<Arrival, bool> accepted)
    {
        foreach (var arrival in lane.Arrivals)
        {
            arrival.Accepted.SetResult(accepted(arrival));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} has no document any more; its late events are dropped")]
    private static partial void Forgotten(ILogger logger, Guid jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: {Attempts} writes lost against other replicas; the events will come again")]
    private static partial void Contended(ILogger logger, Guid jobId, int attempts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} jobs cannot be stored now; their events will come again")]
    private static partial void StoreAway(ILogger logger, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The events of {Count} jobs could not be appended; they will come again")]
    private static partial void Broken(ILogger logger, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The document of job {JobId} cannot be read: {Why}")]
    private static partial void Unreadable(ILogger logger, Guid jobId, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: {EventId} is accepted although {After} never came")]
    private static partial void OutOfTurn(ILogger logger, Guid jobId, string eventId, string after);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stops writing; what is left comes again from the broker")]
    private static partial void Stopping(ILogger logger);
}
