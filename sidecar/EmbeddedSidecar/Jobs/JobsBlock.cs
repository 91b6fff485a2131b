using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Scheduling;

namespace EmbeddedSidecar.Jobs;

/// <summary>Jobs: work that an app asks to be told of later, or again and again.</summary>
internal sealed class JobsBlock(HostServices services) : IBuildingBlock
{
    private readonly Dictionary<string, JobDelivery> _deliveries = new(StringComparer.Ordinal);

    public void MapHttp(HttpRoutes routes) => JobsHttp.Map(routes);

    public void MapGrpc(GrpcRoutes routes) => JobsGrpc.Map(routes);

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        if (!_deliveries.TryGetValue(app.AppId, out var delivery))
        {
            _deliveries[app.AppId] = delivery = new JobDelivery(services.Clock, services.Logs.CreateLogger<JobDelivery>());
            app.Part<Scheduler>().Receive(ScheduleKind.Job, delivery.DeliverAsync);
        }

        app.AddPart(delivery);
        return Task.CompletedTask;
    }

    public Task AppReadyAsync(AppInstance app, CancellationToken ct)
    {
        app.Part<JobDelivery>().Join(app);
        app.Part<Scheduler>().Wake();
        return Task.CompletedTask;
    }

    public Task AppGoneAsync(AppInstance app)
    {
        app.Part<JobDelivery>().Leave(app);
        return Task.CompletedTask;
    }
}
