using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Scheduling;

/// <summary>Gives every app its <see cref="Scheduler"/>, one per app id, as a part. Comes before the blocks that use it.</summary>
internal sealed class SchedulingBlock(HostServices services) : IBuildingBlock
{
    private readonly Dictionary<string, (Scheduler Scheduler, int Replicas)> _apps = new(StringComparer.Ordinal);

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        if (!_apps.TryGetValue(app.AppId, out var shared))
        {
            shared = (new Scheduler(app.AppId, StoreOf(app), services.Clock, services.Logs.CreateLogger<Scheduler>()), 0);
            shared.Scheduler.Start();
        }

        _apps[app.AppId] = (shared.Scheduler, shared.Replicas + 1);
        app.AddPart(shared.Scheduler);
        return Task.CompletedTask;
    }

    public async Task AppStoppingAsync(AppInstance app)
    {
        var (scheduler, replicas) = _apps[app.AppId];
        _apps[app.AppId] = (scheduler, replicas - 1);
        if (replicas == 1)
        {
            _apps.Remove(app.AppId);
            await scheduler.DisposeAsync();
        }
    }

    // The actor state store, else the first by name: an app needs no store to have jobs, but a job needs a place.
    private static ScheduleStore StoreOf(AppInstance app) =>
        new(app.AppId, (app.ActorStateStore ?? app.StateStores.Values.OrderBy(store => store.Name, StringComparer.Ordinal).FirstOrDefault())?.Store);
}
