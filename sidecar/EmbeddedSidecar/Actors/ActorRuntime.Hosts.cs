using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Actors;

/// <summary>Hosts that come and go, and the actors that move or rest because of it.</summary>
internal sealed partial class ActorRuntime
{
    private static readonly TimeSpan _deactivationLimit = TimeSpan.FromSeconds(10);

    /// <summary>A host is there. Actors that belong to it now leave where they are; calls to them wait for that.</summary>
    public void Join(ActorHost host)
    {
        List<ActiveActor> moving;
        lock (_gate)
        {
            _hosts = [.. _hosts, host];
            moving = [.. _actors.Values.Where(actor => HostOf(actor.Key) != actor.Host)];
            Pulse();
        }

        foreach (var actor in moving)
        {
            actor.Host.App.Metrics?.ActorRebalanced(actor.Key.Type);
            _ = LeaveAsync(actor, reachable: true);
        }

        Joined(_log, host.App.AppId, host.Types.Keys, moving.Count);
    }

    /// <summary>A host goes, or is gone.</summary>
    /// <param name="reachable">False: the app is not there to be told, and what it was doing is lost.</param>
    public async Task LeaveAsync(ActorHost host, bool reachable)
    {
        List<ActiveActor> leaving;
        lock (_gate)
        {
            _hosts = [.. _hosts.Where(other => other != host)];
            leaving = [.. _actors.Values.Where(actor => actor.Host == host)];
            Pulse();
        }

        await Task.WhenAll(leaving.Select(actor => LeaveAsync(actor, reachable)));
    }

    /// <summary>Whether this app instance hosts actors of a type.</summary>
    public bool IsHosted(AppInstance app, string type) => Array.Exists(Volatile.Read(ref _hosts), host => host.App == app && host.Types.ContainsKey(type));

    /// <summary>Whether an actor is active at this app instance.</summary>
    public bool IsActive(AppInstance app, ActorKey key) => _actors.TryGetValue(key, out var actor) && actor.IsActive && actor.Host.App == app;

    /// <summary>The types this app instance hosts, and how many actors of each are active.</summary>
    public IReadOnlyDictionary<string, int> Hosted(AppInstance app)
    {
        var counts = Volatile.Read(ref _hosts).Where(host => host.App == app).SelectMany(host => host.Types.Keys).Distinct()
            .ToDictionary(type => type, _ => 0, StringComparer.Ordinal);
        foreach (var actor in _actors.Values)
        {
            if (actor.Host.App == app && counts.TryGetValue(actor.Key.Type, out var count))
            {
                counts[actor.Key.Type] = count + 1;
            }
        }

        return counts;
    }

    private ActorHost? HostOf(ActorKey key)
    {
        ActorHost? chosen = null;
        ulong most = 0;
        foreach (var host in _hosts)
        {
            if (host.Types.ContainsKey(key.Type) && host.WeightFor(key) is var weight && (chosen is null || weight > most))
            {
                (chosen, most) = (host, weight);
            }
        }

        return chosen;
    }

    private void Pulse()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void WatchIdle(ActiveActor actor) =>
        _idle.Add(actor.IdleAt, () =>
        {
            if (actor.Gone.IsCompleted)
            {
                return;
            }

            if (actor.IdleAt <= _clock.GetUtcNow())
            {
                if (actor.Turns.TryCloseIfIdle())
                {
                    _ = LeaveAsync(actor, reachable: true);
                    return;
                }

                // Busy for longer than it may be idle.
                actor.Touch(_clock.GetUtcNow());
            }

            WatchIdle(actor);
        });

    private async Task LeaveAsync(ActiveActor actor, bool reachable)
    {
        if (!actor.TryLeave())
        {
            await actor.Gone;
            return;
        }

        var over = actor.Turns.CloseAsync();
        if (reachable && actor.Options.Drains)
        {
            await over.WaitAsync(actor.Options.DrainTimeout, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        actor.Turns.Break();
        actor.Deactivated();
        Timers.Remove(actor.Key);
        if (reachable)
        {
            await DeactivateAsync(actor);
        }

        lock (_gate)
        {
            _actors.TryRemove(KeyValuePair.Create(actor.Key, actor));
        }

        actor.Dispose();
    }

    private async Task DeactivateAsync(ActiveActor actor)
    {
        using var limit = new CancellationTokenSource(_deactivationLimit, _clock);
        try
        {
            await actor.Host.Transport.DeactivateAsync(actor.Key, limit.Token);
            actor.Host.App.Metrics?.ActorDeactivated(actor.Key.Type, success: true);
        }
#pragma warning disable CA1031 // Whatever the app makes of it, the actor has left.
        catch (Exception failed)
#pragma warning restore CA1031
        {
            actor.Host.App.Metrics?.ActorDeactivated(actor.Key.Type, success: false);
            NotDeactivated(_log, failed, actor.Key, actor.Host.App.AppId);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "App {AppId} hosts actors of {Types}; {Moving} move")]
    private static partial void Joined(ILogger log, string appId, IEnumerable<string> types, int moving);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Actor {Actor} could not be deactivated at app {AppId}")]
    private static partial void NotDeactivated(ILogger log, Exception error, ActorKey actor, string appId);
}
