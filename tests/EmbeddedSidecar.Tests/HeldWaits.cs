using System.Collections.Concurrent;

namespace EmbeddedSidecar.Tests;

/// <summary>The clock of this machine, but for waits of one length: those are over when the test says so.</summary>
internal sealed class HeldWaits(TimeSpan length) : TimeProvider
{
    private readonly ConcurrentQueue<Action> _held = new();
    private int _begun;

    /// <summary>How many such waits were begun so far.</summary>
    public int Begun => Volatile.Read(ref _begun);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != length)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _held.Enqueue(() => callback(state));
        Interlocked.Increment(ref _begun);
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
    }

    /// <summary>Ends those that were begun.</summary>
    public void Pass()
    {
        while (_held.TryDequeue(out var end))
        {
            end();
        }
    }
}
