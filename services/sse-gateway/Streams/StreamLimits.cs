using Microsoft.Extensions.Options;

namespace Eco2.SseGateway.Streams;

/// <summary>Counts open streams per user and per job on this replica.</summary>
internal sealed class StreamLimits(IOptions<SseOptions> options)
{
    private readonly Dictionary<Guid, int> open = [];

    /// <summary>A place to give back, or null with the reason.</summary>
    internal Place? TryEnter(Guid userId, Guid jobId, out string? full)
    {
        var limits = options.Value;
        lock (open)
        {
            var (ofUser, ofJob) = (open.GetValueOrDefault(userId), open.GetValueOrDefault(jobId));
            full = ofUser >= limits.MaxPerUser ? $"You have {ofUser} streams open; {limits.MaxPerUser} are allowed."
                : ofJob >= limits.MaxPerJob ? $"This job has {ofJob} streams open; {limits.MaxPerJob} are allowed."
                : null;
            if (full is not null)
            {
                return null;
            }

            // Both are UUIDs of different things, so they share a dictionary.
            (open[userId], open[jobId]) = (ofUser + 1, ofJob + 1);
            return new Place(this, userId, jobId);
        }
    }

    internal int OpenStreamsOf(Guid userId)
    {
        lock (open)
        {
            return open.GetValueOrDefault(userId);
        }
    }

    private void Leave(Guid id)
    {
        if (--open[id] == 0)
        {
            open.Remove(id);
        }
    }

    internal sealed class Place(StreamLimits limits, Guid userId, Guid jobId) : IDisposable
    {
        public void Dispose()
        {
            lock (limits.open)
            {
                limits.Leave(userId);
                limits.Leave(jobId);
            }
        }
    }
}
