namespace EmbeddedSidecar.Workflows;

/// <summary>Calls back when a time has come. In memory only: what must survive is in the histories and armed again at start.</summary>
internal sealed class TimerQueue : IDisposable
{
    // A system timer cannot wait longer than some 49 days; nothing is lost by looking once a day.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly TimeProvider _clock;
    private readonly PriorityQueue<Action, DateTimeOffset> _due = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private bool _disposed;

    public TimerQueue(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls back at or after that time, on some thread; at once when it is past.</summary>
    public void Add(DateTimeOffset at, Action callback)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _due.Enqueue(callback, at);
            if (ReferenceEquals(_due.Peek(), callback))
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
            while (_due.TryPeek(out var callback, out var at) && at <= _clock.GetUtcNow())
            {
                _due.Dequeue();
                now.Add(callback);
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
        if (!_disposed && _due.TryPeek(out _, out var at))
        {
            // Rounded up to the timer's millisecond, so that it never fires just before the time.
            var wait = TimeSpan.FromMilliseconds(Math.Ceiling((at - _clock.GetUtcNow()).TotalMilliseconds));
            _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
        }
    }
}
