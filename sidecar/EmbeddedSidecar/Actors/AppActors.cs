using EmbeddedSidecar.Apps;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Actors;

/// <summary>The actors of one app instance, as its API sees them.</summary>
internal sealed class AppActors(AppInstance app, StateStore? store, ActorRuntime runtime)
{
    private ActorHost? _host;

    public ActorRuntime Runtime { get; } = runtime;

    public ActorState State { get; } = new(app, store, runtime);

    public ActorReminders Reminders { get; } = new(app, runtime);

    /// <summary>Hosting needs an actor state store; calling does not.</summary>
    public bool MayHost => store is not null;

    /// <summary>The app at its port hosts these types from now on.</summary>
    public void Join(IReadOnlyDictionary<string, ActorTypeOptions> types)
    {
        _host = new ActorHost(app.InstanceId, app, new HttpActorTransport(app), types);
        Runtime.Join(_host);
    }

    /// <summary>The app is gone from its port, or its sidecar stops.</summary>
    public async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _host, null) is { } host)
        {
            await Runtime.LeaveAsync(host, app.IsReachable);
        }
    }

    /// <exception cref="Api.DaprException">In the words of the API.</exception>
    public void StartTimer(ActorKey actor, ActorTimer timer)
    {
        try
        {
            if (!Runtime.IsHosted(app, actor.Type))
            {
                throw new FormatException($"can't create timer for actor {actor}: actor type not registered");
            }

            Runtime.Timers.Start(actor, timer, app.Metrics);
        }
        catch (FormatException refused)
        {
            throw ActorErrors.Failed("ERR_ACTOR_TIMER_CREATE", "error creating actor timer", refused);
        }
    }
}
