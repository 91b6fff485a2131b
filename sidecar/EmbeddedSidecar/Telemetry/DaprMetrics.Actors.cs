namespace EmbeddedSidecar.Telemetry;

/// <content>Actors that this app instance hosts.</content>
internal sealed partial class DaprMetrics
{
    private Metric _actorRebalanced = null!, _actorDeactivated = null!, _actorNotDeactivated = null!, _actorPending = null!;
    private Metric _actorTimers = null!, _actorTimersFired = null!, _actorRemindersFired = null!;

    /// <summary>An actor leaves because it belongs to another host now.</summary>
    public void ActorRebalanced(string type) => _actorRebalanced.Count(new(type));

    /// <summary>The app was told that an actor rests, or could not be told.</summary>
    public void ActorDeactivated(string type, bool success) => (success ? _actorDeactivated : _actorNotDeactivated).Count(new(type));

    /// <summary>So many calls more, or less, wait for their turn.</summary>
    public void ActorCallsPending(string type, int change) => _actorPending.Add(change, new(type));

    /// <summary>So many timers more, or less, are set.</summary>
    public void ActorTimers(string type, int change) => _actorTimers.Add(change, new(type));

    /// <summary>A timer was brought to the app.</summary>
    public void ActorTimerFired(string type, bool success) => _actorTimersFired.Count(new(type, Flag(success)));

    /// <summary>A reminder was brought to the app.</summary>
    public void ActorReminderFired(string type, bool success) => _actorRemindersFired.Count(new(type, Flag(success)));

    private void AddActors()
    {
        _actorRebalanced = Counter("runtime_actor_rebalanced_total", "The number of the actor rebalance requests.", "actor_type");
        _actorDeactivated = Counter("runtime_actor_deactivated_total", "The number of the successful actor deactivation.", "actor_type");
        _actorNotDeactivated = Counter("runtime_actor_deactivated_failed_total", "The number of the failed actor deactivation.", "actor_type");
        _actorPending = Gauge("runtime_actor_pending_actor_calls", "The number of pending actor calls waiting to acquire the per-actor lock.", "actor_type");
        _actorTimers = Gauge("runtime_actor_timers", "The number of actor timer requests.", "actor_type");
        _actorTimersFired = Counter("runtime_actor_timers_fired_total", "The number of actor timers fired requests.", "actor_type", "success");
        _actorRemindersFired = Counter("runtime_actor_reminders_fired_total", "The number of actor reminders fired requests.", "actor_type", "success");
    }
}
