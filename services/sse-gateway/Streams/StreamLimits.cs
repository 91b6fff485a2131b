using Microsoft.Extensions.Options;

namespace Eco2.SseGateway.Streams;

/// <summary>Counts open streams per user and per job on this replica.</summary>
internal sealed class StreamLimits(IOptions<SseOptions> options, TimeProvider clock)
{
    // A client that reconnects at once may arrive before its old connection is seen to be gone.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(800);

    private readonly Dictionary<Guid, int> open = [];
    private TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A place to give back, or null with the reason after a short wait for one.</summary>
    internal async Task<(Place? Place, string? Full)> EnterAsync(Guid userId, Guid jobId, CancellationToken ct)
    {
        var (began, limits) = (clock.GetTimestamp(), options.Value);
        while (true)
        {
            Task somebodyLeaves;
            string full;
            lock (open)
            {
                var (ofUser, ofJob) = (open.GetValueOrDefault(userId), open.GetValueOrDefault(jobId));
                if (ofUser < limits.MaxPerUser && ofJob < limits.MaxPerJob)
                {
                    // Both are UUIDs of different things, so they share a dictionary.
                    (open[userId], open[jobId]) = (ofUser + 1, ofJob + 1);
                    return (new Place(this, userId, jobId), null);
                }

                full = ofJob >= limits.MaxPerJob
                    ? $"This job has {ofJob} streams open; {limits.MaxPerJob} are allowed."
                    : $"You have {ofUser} streams open; {limits.MaxPerUser} are allowed.";
                somebodyLeaves = left.Task;
            }

            try
            {
                var rest = Grace - clock.GetElapsedTime(began);
                await somebodyLeaves.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, clock, ct);
            }
            catch (TimeoutException)
            {
                return (null, full);
            }
        }
    }

    internal int OpenStreamsOf(Guid userId)
    {
        lock (open)
        {
            return open.GetValueOrDefault(userId);
        }
    }

    private void Leave(Guid userId, Guid jobId)
    {
        lock (open)
        {
            foreach (var id in (ReadOnlySpan<Guid>)[userId, jobId])
            {
                if (--open[id] == 0)
                {
                    open.Remove(id);
                }
            }

            left.SetResult();
            left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    internal sealed class Place(StreamLimits limits, Guid userId, Guid jobId) : IDisposable
    {
        public void Dispose() => limits.Leave(userId, jobId);
    }
}
