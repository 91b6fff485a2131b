using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Workflows;

/// <summary>Durable workflows: an engine for each app that has an actor state store, and the three APIs by which it is used.</summary>
internal sealed partial class WorkflowBlock(HostServices services) : IBuildingBlock
{
    private readonly WorkflowEngines _engines = new();
    private readonly Dictionary<string, int> _replicas = new(StringComparer.Ordinal);

    public void MapHttp(HttpRoutes routes) => new WorkflowHttp(this).Map(routes);

    public void MapGrpc(GrpcRoutes routes)
    {
        new TaskHubRpc(this).Map(routes);
        new DaprWorkflowRpc(this).Map(routes);
    }

    public async Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        _replicas[app.AppId] = _replicas.GetValueOrDefault(app.AppId) + 1;
        if (_engines.Find(app.AppId) is null && app.ActorStateStore is { } store)
        {
            var engine = new WorkflowEngine(
                app.AppId, store.Store, OptionsOf(app), _engines, services.Clock, services.Logs.CreateLogger<WorkflowEngine>());
            _engines.Add(engine);

            // An operation on an instance that has not been taken up yet reads it itself.
            engine.Recover();
        }

        app.MetadataSources.Add(document =>
        {
            if (_engines.Find(app.AppId) is { } engine)
            {
                document.ActorRuntimeRuns = true;
                document.ConnectedWorkers = engine.Queue.Streams;
            }
        });
    }

    public async Task AppStoppingAsync(AppInstance app)
    {
        if (--_replicas[app.AppId] == 0 && _engines.Find(app.AppId) is { } engine)
        {
            _engines.Remove(engine);
            await engine.DisposeAsync();
        }
    }

    /// <exception cref="GrpcException">The app has no actor state store.</exception>
    public WorkflowEngine EngineOf(AppInstance app) =>
        _engines.Find(app.AppId) ?? throw new GrpcException(
            StatusCode.Internal,
            "the state store is not configured to use the actor runtime. Have you set the - name: actorStateStore value: \"true\" in your state store component file?");

    public string NewInstanceId() => Guid.CreateVersion7(services.Clock.GetUtcNow()).ToString();

    private static EngineOptions OptionsOf(AppInstance app)
    {
        var configuration = app.Resources.Configuration;
        return new EngineOptions
        {
            MaxBodyBytes = app.MaxBodyBytes,
            MaxTurns = Limit(configuration.MaxConcurrentWorkflows),
            MaxActivities = Limit(configuration.MaxConcurrentActivities),
            Retention = configuration.Retention,
            Metrics = app.Metrics,
            Tracer = app.Tracer,
        };
    }

    private static int Limit(int? configured) => configured is > 0 ? configured.Value : int.MaxValue;
}
