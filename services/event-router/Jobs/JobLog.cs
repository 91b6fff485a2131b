using System.Runtime.InteropServices;
using Eco2.Contracts.Jobs;

namespace Eco2.EventRouter.Jobs;

/// <summary>The rules of a job's log, as a function of values: which events of which batches follow, with which numbers, and what is
/// moved out of the document.</summary>
internal static class JobLog
{
    // More than any honest job has at a time; a stranger's flood must not grow the document.
    private const int MostEarly = 32;

    // What an event without its result takes as JSON: two ids, a time, names.
    private const int BytesOfBareEvent = 200;

    /// <param name="Document">The job after the batches.</param>
    /// <param name="Sealed">What must be stored as chunk <see cref="JobDocument.Chunks"/> before the document is.</param>
    /// <param name="Added">New entries, numbered.</param>
    /// <param name="Repeated">Entries that were in the document already: told again, because whoever sent them again may do so since the
    /// first telling was lost. What has become a chunk is not: the stream that missed it sees a hole before the next entry.</param>
    /// <param name="OutOfTurn">Batches that were accepted without what they should follow.</param>
    /// <param name="Refused">Batches there is no room for to wait: they must come again.</param>
    /// <param name="Changed">True when the document must be stored.</param>
    internal sealed record Outcome(
        JobDocument Document,
        JobChunk? Sealed,
        IReadOnlyList<JobEvent> Added,
        IReadOnlyList<JobEvent> Repeated,
        IReadOnlyList<JobEventBatch> OutOfTurn,
        IReadOnlyList<JobEventBatch> Refused,
        bool Changed);

    /// <summary>Appends <paramref name="batches"/> in the order their <c>after</c> asks for, whatever order they come in; what comes early is
    /// kept in the document until its turn. An event id counts once; nothing follows a terminal event; progress never falls.
    /// Whether the events before become a chunk is decided by the document alone, so two routers that add to the same document make the
    /// same chunk, and the one that loses does no harm.</summary>
    /// <param name="job">The job before.</param>
    /// <param name="batches">Of this job, as they came.</param>
    /// <param name="tooOld">True for a batch that waited long enough for its predecessor.</param>
    /// <param name="chunkBytes">About how many bytes of events a document holds before they become a chunk.</param>
    internal static Outcome Append(JobDocument job, IReadOnlyList<JobEventBatch> batches, Func<JobEventBatch, bool> tooOld, int chunkBytes)
    {
        var known = new KnownEvents(job);
        List<JobEvent> added = [], repeated = [];
        List<JobEventBatch> outOfTurn = [];
        var (before, after) = (job.Early ?? [], job);
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

            Take(waiting[next]);
            waiting.RemoveAt(next);
        }

        JobEventBatch[] patient = [.. waiting.DistinctBy(batch => string.Join(' ', batch.Events.Select(e => e.EventId)))];
        var early = patient.Length > MostEarly ? patient[..MostEarly] : patient;
        var changed = added.Count > 0 || !early.SequenceEqual(before);
        var chunk = job.Full && added.Count > 0 ? new JobChunk(job.Events) : null;
        return new Outcome(changed ? Next() : job, chunk, added, repeated, outOfTurn, patient[early.Length..], changed);

        bool Follows(JobEventBatch batch) =>
            after.IsFinished() || batch.After is null || known.Contains(batch.After) || batch.Events.All(e => known.Contains(e.EventId));

        void Take(JobEventBatch batch)
        {
            foreach (var happened in batch.Events)
            {
                if (known.Find(happened.EventId) is { } entry)
                {
                    repeated.Add(entry);
                }
                else if (!known.Contains(happened.EventId) && !after.IsFinished())
                {
                    var progress = Math.Clamp(happened.Progress, after.Progress, 100);
                    entry = happened with { Seq = job.LastSeq() + added.Count + 1, Progress = progress };
                    known.Add(entry);
                    added.Add(entry);
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
        }

        JobDocument Next()
        {
            IReadOnlyList<JobEvent> events = chunk is null ? [.. job.Events, .. added] : added;
            return after with
            {
                Events = events,
                Chunks = chunk is null ? job.Chunks : job.Chunks + 1,
                Full = events.Sum(Bytes) >= chunkBytes,
                Known = chunk is null ? job.Known : [.. job.Known ?? [], .. KnownEvents.ShortIds(job)],
                Tokens = known.HighestToken,
                Early = early.Length == 0 ? null : early,
            };
        }
    }

    private static int Bytes(JobEvent entry) =>
        BytesOfBareEvent + (entry.Message?.Length ?? 0) + (entry.Result is { } result ? JsonMarshal.GetRawUtf8Value(result).Length : 0);

    private static string StatusAfter(JobEvent entry) => entry.Stage switch
    {
        "done" => "succeeded",
        "failed" => "failed",
        "cancelled" => "cancelled",
        "queued" => "queued",
        _ => "running",
    };
}
