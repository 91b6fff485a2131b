namespace EmbeddedSidecar.Scheduling;

/// <summary>Calls back when a time has come. In memory only: what must survive is stored by whoever waits, and armed again at start.</summary>
/// <remarks>A clock may be set while we wait. Back: nothing waits longer than it would have, or a retry in a second would come in an hour.
/// Forward: what is due by the new time comes within <see cref="LongestWait"/>.</remarks>
internal sealed class TimerQueue : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock;
    private readonly PriorityQueue<Entry, long> _due = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private bool _disposed;

    // Both clocks: the time of day it was asked for, and the timestamp of the clock that nobody sets.
    private sealed record Entry(Action Callback, DateTimeOffset At);

    public TimerQueue(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls back at or after that time, on some thread; at once when it is past.</summary>
    public void Add(DateTimeOffset at, Action callback)
    {
        var wait = at - _clock.GetUtcNow();
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            var entry = new Entry(callback, at);
            _due.Enqueue(entry, _clock.GetTimestamp() + (long)(wait.TotalSeconds * _clock.TimestampFrequency));
            if (ReferenceEquals(_due.Peek(), entry))
            {
                Arm();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _due.Clear();
        }

        _timer.Dispose();
    }

    private void Fire()
    {
        List<Action> now = [];
        lock (_gate)
        {
            while (_due.TryPeek(out var entry, out var timestamp) && (timestamp <= _clock.GetTimestamp() || entry.At <= _clock.GetUtcNow()))
            {
                _due.Dequeue();
                now.Add(entry.Callback);
            }

            Arm();
        }

        foreach (var callback in now)
        {
            callback();
        }
    }

    private void Arm()
    {
        if (!_disposed && _due.TryPeek(out _, out var timestamp))
        {
            // Rounded up to the timer's millisecond, so that it never fires just before the time.
            var left = (timestamp - _clock.GetTimestamp()) * 1000.0 / _clock.TimestampFrequency;
            var wait = TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(left), 0, LongestWait.TotalMilliseconds));
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }
}
