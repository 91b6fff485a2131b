using Eco2.Contracts.Jobs;

namespace Eco2.EventRouter.Jobs;

/// <summary>The rules of a job's log, as a function of values: which events of which batches follow, with which numbers.</summary>
internal static class JobLog
{
    // More than any honest job has; a stranger's flood must not grow the document.
    private const int MostEarly = 32;

    /// <param name="Document">The job after the batches.</param>
    /// <param name="Added">New entries, numbered.</param>
    /// <param name="Repeated">Entries that were in the log already: told again, because whoever sent them again may do so since the
    /// first telling was lost.</param>
    /// <param name="OutOfTurn">Batches that were accepted without what they should follow.</param>
    /// <param name="Changed">True when the document must be stored.</param>
    internal sealed record Outcome(
        JobDocument Document,
        IReadOnlyList<JobEvent> Added,
        IReadOnlyList<JobEvent> Repeated,
        IReadOnlyList<JobEventBatch> OutOfTurn,
        bool Changed);

    /// <summary>Appends <paramref name="batches"/> in the order their <c>after</c> asks for, whatever order they come in; what comes early is
    /// kept in the document until its turn. An event id counts once; nothing follows a terminal event; progress never falls.</summary>
    /// <param name="job">The job before.</param>
    /// <param name="batches">Of this job, as they came.</param>
    /// <param name="tooOld">True for a batch that waited long enough for its predecessor.</param>
    internal static Outcome Append(JobDocument job, IReadOnlyList<JobEventBatch> batches, Func<JobEventBatch, bool> tooOld)
    {
        var log = new Dictionary<string, JobEvent>(job.Events.Count + 8);
        foreach (var entry in job.Events)
        {
            log.TryAdd(entry.EventId, entry);
        }

        List<JobEvent> added = [], repeated = [];
        List<JobEventBatch> outOfTurn = [];
        var before = job.Early ?? [];
        List<JobEventBatch> waiting = [.. before, .. batches];
        while (waiting.Count > 0)
        {
            var next = waiting.FindIndex(Follows);
            if (next < 0)
            {
                next = waiting.FindIndex(batch => tooOld(batch));
                if (next < 0)
                {
                    break;
                }

                outOfTurn.Add(waiting[next]);
            }

            job = Take(waiting[next]);
            waiting.RemoveAt(next);
        }

        JobEventBatch[] early = [.. waiting.DistinctBy(batch => string.Join(' ', batch.Events.Select(e => e.EventId))).Take(MostEarly)];
        var changed = added.Count > 0 || early.Length != before.Count;
        return new Outcome(changed ? job with { Early = early.Length == 0 ? null : early } : job, added, repeated, outOfTurn, changed);

        bool Follows(JobEventBatch batch) =>
            job.IsFinished() || batch.After is null || log.ContainsKey(batch.After) || batch.Events.All(e => log.ContainsKey(e.EventId));

        JobDocument Take(JobEventBatch batch)
        {
            var after = job;
            List<JobEvent> fresh = [];
            foreach (var happened in batch.Events)
            {
                if (log.TryGetValue(happened.EventId, out var known))
                {
                    repeated.Add(known);
                }
                else if (!after.IsFinished())
                {
                    var entry = happened with
                    {
                        Seq = after.Events.Count + fresh.Count + 1,
                        Progress = Math.Clamp(happened.Progress, after.Progress, 100),
                    };
                    log.Add(entry.EventId, entry);
                    fresh.Add(entry);
                    after = after with
                    {
                        Status = StatusAfter(entry),
                        Stage = entry.Stage,
                        Progress = entry.Progress,
                        UpdatedAt = entry.Ts,
                        FinishedAt = entry.IsTerminal() ? entry.Ts : null,
                    };
                }
            }

            added.AddRange(fresh);
            return fresh.Count == 0 ? after : after with { Events = [.. after.Events, .. fresh] };
        }
    }

    private static string StatusAfter(JobEvent entry) => entry.Stage switch
    {
        "done" => "succeeded",
        "failed" => "failed",
        "cancelled" => "cancelled",
        "queued" => "queued",
        _ => "running",
    };
}
