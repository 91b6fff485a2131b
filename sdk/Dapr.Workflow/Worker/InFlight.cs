namespace Dapr.Workflow.Worker;

/// <summary>Counts what runs, and closes the door.</summary>
internal sealed class InFlight
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _isClosed;

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            _count++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0 && _isClosed)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>Lets nobody in any more and waits, at most until the token says, for those inside.</summary>
    public async Task DrainAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            _isClosed = true;
            if (_count == 0)
            {
                _idle.TrySetResult();
            }
        }

        await _idle.Task.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
