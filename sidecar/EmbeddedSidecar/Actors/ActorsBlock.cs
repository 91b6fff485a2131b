using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Actors;

/// <summary>Actors: objects with a name and state, one call at a time, somewhere among the replicas of the apps that host them.</summary>
internal sealed partial class ActorsBlock(HostServices services) : IBuildingBlock, IDisposable
{
    private readonly ActorRuntime _runtime = new(services);
    private readonly Dictionary<string, StateStore?> _stores = new(StringComparer.Ordinal);
    private readonly HashSet<Scheduler> _schedulers = [];
    private readonly ILogger _log = services.Logs.CreateLogger<ActorsBlock>();
    private int _apps;

    public void MapHttp(HttpRoutes routes) => ActorsHttp.Map(routes);

    public void MapGrpc(GrpcRoutes routes)
    {
        ActorsGrpc.Map(routes);
        ActorEventStream.Map(routes, WakeReminders);
    }

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        _apps++;
        if (!_stores.TryGetValue(app.AppId, out var store))
        {
            _stores[app.AppId] = store = app.ActorStateStore;
            var scheduler = app.Part<Scheduler>();
            scheduler.Receive(ScheduleKind.Reminder, _runtime.RemindAsync);
            _schedulers.Add(scheduler);
        }

        app.AddPart(new AppActors(app, store, _runtime));
        app.MetadataSources.Add(document =>
        {
            // Whoever has asked for its types knows; before that they may still come.
            document.ActorRuntimeRuns |= app.IsReady;
            foreach (var (type, count) in _runtime.Hosted(app))
            {
                document.ActiveActors[type] = count;
            }
        });
        return Task.CompletedTask;
    }

    public Task AppReadyAsync(AppInstance app, CancellationToken ct)
    {
        if (TypesOf(app) is { Count: > 0 } types)
        {
            var actors = app.Part<AppActors>();
            if (actors.MayHost)
            {
                actors.Join(types);
                WakeReminders();
            }
            else
            {
                NoStore(_log, app.AppId);
            }
        }

        return Task.CompletedTask;
    }

    public Task AppGoneAsync(AppInstance app) => app.Part<AppActors>().LeaveAsync();

    public Task AppStoppingAsync(AppInstance app)
    {
        if (--_apps == 0)
        {
            Dispose();
        }

        return Task.CompletedTask;
    }

    public void Dispose() => _runtime.Dispose();

    private void WakeReminders()
    {
        foreach (var scheduler in _schedulers)
        {
            scheduler.Wake();
        }
    }

    private Dictionary<string, ActorTypeOptions> TypesOf(AppInstance app)
    {
        try
        {
            var types = ActorConfiguration.Read(app.AppConfig);
            foreach (var type in types.Keys.Where(ActorErrors.IsReserved))
            {
                Reserved(_log, app.AppId, type);
            }

            return types.Where(type => !ActorErrors.IsReserved(type.Key)).ToDictionary(StringComparer.Ordinal);
        }
        catch (JsonException broken)
        {
            Unreadable(_log, app.AppId, broken.Message);
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} wants to host actors but has no state store with actorStateStore \"true\": it hosts none")]
    private static partial void NoStore(ILogger log, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} wants to host actors of type {Type}, which belongs to the runtime: left out")]
    private static partial void Reserved(ILogger log, string appId, string type);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} answered /dapr/config with something that is no configuration of actors: {Reason}")]
    private static partial void Unreadable(ILogger log, string appId, string reason);
}
