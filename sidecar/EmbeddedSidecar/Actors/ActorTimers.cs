using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Actors;

/// <summary>A timer of an actor, as it was asked for.</summary>
/// <param name="Data">JSON, or null.</param>
internal sealed record ActorTimer(string Name, string Callback, byte[]? Data, string DueTime, string PeriodText, string Ttl);

/// <summary>The timers of all actors, in memory: they end with their actor's activation. Callbacks of one actor come one after the other.</summary>
internal sealed partial class ActorTimers(ActorRuntime actors, TimeProvider clock, ILogger<ActorTimers> log) : IDisposable
{
    private readonly Dictionary<ActorKey, Dictionary<string, Running>> _timers = [];
    private readonly Lock _gate = new();
    private readonly TimerQueue _queue = new(clock);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Starts a timer; one of that name before it ends.</summary>
    /// <exception cref="FormatException">A time that is not understood, or has passed.</exception>
    public void Start(ActorKey actor, ActorTimer timer, DaprMetrics? metrics = null)
    {
        var now = clock.GetUtcNow();
        var due = timer.DueTime.Length == 0 ? now : Time(timer.DueTime, now, "due time");
        var period = default(Period);
        if (timer.PeriodText.Length > 0 && !Period.TryParse(timer.PeriodText, out period))
        {
            throw new FormatException($"invalid timer period: parse error: unsupported duration format: {timer.PeriodText}");
        }

        if (period.Repetitions == 0)
        {
            throw new FormatException("invalid timer period: has zero repetitions");
        }

        DateTimeOffset? expires = timer.Ttl.Length == 0 ? null : Time(timer.Ttl, due, "TTL");
        if (now > expires || due > expires)
        {
            throw new FormatException($"timer {actor}||{timer.Name} has already expired: dueTime: {PointInTime.Format(due)} TTL: {timer.Ttl}");
        }

        var running = new Running(actor, timer, period, expires, metrics) { At = due, Left = period.Repetitions };
        lock (_gate)
        {
            if (!_timers.TryGetValue(actor, out var own))
            {
                _timers[actor] = own = new Dictionary<string, Running>(StringComparer.Ordinal);
            }

            own.GetValueOrDefault(timer.Name)?.End();
            own[timer.Name] = running;
        }

        Arm(running);
    }

    public void Stop(ActorKey actor, string name)
    {
        lock (_gate)
        {
            if (_timers.TryGetValue(actor, out var own) && own.Remove(name, out var running))
            {
                running.End();
                if (own.Count == 0)
                {
                    _timers.Remove(actor);
                }
            }
        }
    }

    /// <summary>Ends all timers of an actor.</summary>
    public void Remove(ActorKey actor)
    {
        lock (_gate)
        {
            if (_timers.Remove(actor, out var own))
            {
                foreach (var running in own.Values)
                {
                    running.End();
                }
            }
        }
    }

    public void Dispose()
    {
        _queue.Dispose();
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void Arm(Running running) => _queue.Add(running.At, () => _ = FireAsync(running, _stopping.Token));

    private async Task FireAsync(Running running, CancellationToken ct)
    {
        await Task.Yield();
        if (running.Ended)
        {
            return;
        }

        var cancelled = false;
        try
        {
            cancelled = await actors.FireAsync(running.Actor, running.Timer, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // A tick that failed is gone; the next one comes all the same.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            NotFired(log, failed, running.Timer.Name, running.Actor);
        }

        if (cancelled || !running.TryGoOn())
        {
            lock (_gate)
            {
                if (!running.Ended)
                {
                    Stop(running.Actor, running.Timer.Name);
                }
            }

            return;
        }

        Arm(running);
    }

    private static DateTimeOffset Time(string text, DateTimeOffset from, string what) =>
        PointInTime.TryParse(text, from, out var at)
            ? at
            : throw new FormatException($"error parsing timer {what}: unsupported time/duration format: {text}");

    private sealed class Running
    {
        private readonly Period _period;
        private readonly DateTimeOffset? _expires;
        private readonly DaprMetrics? _metrics;
        private volatile bool _ended;

        public Running(ActorKey actor, ActorTimer timer, Period period, DateTimeOffset? expires, DaprMetrics? metrics)
        {
            (Actor, Timer, _period, _expires, _metrics) = (actor, timer, period, expires, metrics);
            metrics?.ActorTimers(actor.Type, 1);
        }

        public bool Ended => _ended;

        public ActorKey Actor { get; }

        public ActorTimer Timer { get; }

        public DateTimeOffset At { get; set; }

        public int? Left { get; set; }

        // From one tick to the next; late ones do not shift those that follow.
        public bool TryGoOn()
        {
            Left--;
            At = _period.After(At);
            return !_period.IsZero && Left is not 0 && !(At >= _expires);
        }

        // Only under the lock.
        public void End()
        {
            if (!_ended)
            {
                _ended = true;
                _metrics?.ActorTimers(Actor.Type, -1);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Timer {Name} of actor {Actor} failed")]
    private static partial void NotFired(ILogger log, Exception error, string name, ActorKey actor);
}
