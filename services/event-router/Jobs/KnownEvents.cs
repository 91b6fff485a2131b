using Eco2.Contracts.Jobs;

namespace Eco2.EventRouter.Jobs;

/// <summary>Which events stand in a job's log: those of the document with their entries, those of its chunks by short id, and tokens by their
/// highest number, since an answer has a thousand of them.</summary>
internal sealed class KnownEvents
{
    private readonly Guid jobId;
    private readonly Dictionary<string, JobEvent> entries;
    private readonly HashSet<string> inChunks;

    internal KnownEvents(JobDocument job)
    {
        jobId = job.JobId;
        HighestToken = job.Tokens;
        inChunks = job.Known is null ? [] : [.. job.Known];
        entries = new Dictionary<string, JobEvent>(job.Events.Count + 8);
        foreach (var entry in job.Events)
        {
            entries.TryAdd(entry.EventId, entry);
        }
    }

    internal int HighestToken { get; private set; }

    /// <summary>The short ids of the document's own events, tokens left out.</summary>
    internal static IEnumerable<string> ShortIds(JobDocument job) =>
        job.Events.Select(e => JobEvent.ShortIdOf(job.JobId, e.EventId)).Where(id => JobEvent.TokenNumberIn(id) == 0);

    /// <summary>The entry, if it is still in the document.</summary>
    internal JobEvent? Find(string eventId) => entries.GetValueOrDefault(eventId);

    internal bool Contains(string eventId)
    {
        if (entries.ContainsKey(eventId))
        {
            return true;
        }

        var shortId = JobEvent.ShortIdOf(jobId, eventId);
        return JobEvent.TokenNumberIn(shortId) is > 0 and var number ? number <= HighestToken : inChunks.Contains(shortId);
    }

    internal void Add(JobEvent entry)
    {
        entries.Add(entry.EventId, entry);
        HighestToken = Math.Max(HighestToken, JobEvent.TokenNumberIn(JobEvent.ShortIdOf(jobId, entry.EventId)));
    }
}
