namespace EmbeddedSidecar.PubSub;

/// <summary>Counts handlers, so that a stop can wait for the last one.</summary>
internal sealed class RunningHandlers
{
    private readonly TaskCompletionSource _allDone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One more than there are handlers, until somebody asks for the end.
    private int _count = 1;

    public void Enter() => Interlocked.Increment(ref _count);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _allDone.SetResult();
        }
    }

    /// <summary>Ends when no handler runs. Call once, when no new one can enter.</summary>
    public Task AllDoneAsync()
    {
        Leave();
        return _allDone.Task;
    }
}
