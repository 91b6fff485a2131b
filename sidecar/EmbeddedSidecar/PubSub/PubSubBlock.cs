using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.PubSub.Api;
using EmbeddedSidecar.PubSub.InMemory;
using EmbeddedSidecar.PubSub.RabbitMq;
using EmbeddedSidecar.PubSub.Redis;

namespace EmbeddedSidecar.PubSub;

/// <summary>Publish and subscribe.</summary>
internal sealed class PubSubBlock : IBuildingBlock
{
    private readonly InMemoryBus _bus = new();

    public void AddComponents(ComponentRegistry types)
    {
        types.Add("pubsub.in-memory", context => new InMemoryPubSub(context, _bus));
        types.Add("pubsub.redis", context => new RedisStreams(context));
        types.Add("pubsub.rabbitmq", context => new RabbitMqPubSub(context));
    }

    public void MapHttp(HttpRoutes routes)
    {
        PublishHttp.Map(routes);
        BulkPublishHttp.Map(routes);
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        PublishGrpc.Map(routes);
        SubscribeStream.Map(routes);
    }

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        var part = new AppPubSub(app);
        app.AddPart(part);
        app.MetadataSources.Add(part.Describe);
        return Task.CompletedTask;
    }

    public Task AppReadyAsync(AppInstance app, CancellationToken ct) => app.Part<AppPubSub>().StartAsync(ct);

    public Task AppGoneAsync(AppInstance app) => app.Part<AppPubSub>().DisposeAsync().AsTask();
}
