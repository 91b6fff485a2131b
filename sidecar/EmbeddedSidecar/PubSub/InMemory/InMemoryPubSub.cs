using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub.InMemory;

/// <summary>
/// pubsub.in-memory, for tests: nothing is stored, who was not there gets nothing, and a message nobody took is lost. A publish
/// waits while the message before it is still being handled.
/// </summary>
internal sealed class InMemoryPubSub(ComponentContext context, InMemoryBus bus) : IPubSub
{
    private readonly string _consumerId = ConsumerId.Of(context);

    public TopicScopes Scopes { get; } = new(context.Metadata, context.App.AppId);

    public IReadOnlyList<string> Capabilities { get; } = ["SUBSCRIBE_WILDCARDS"];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        var message = new BrokerMessage(topic, data, metadata ?? new Dictionary<string, string>());
        foreach (var receiver in bus.Receivers(context.Name, topic))
        {
            await receiver.TakeAsync(message, ct);
        }
    }

    public Task<IBrokerSubscription> SubscribeAsync(
        string topic, IReadOnlyDictionary<string, string> metadata, MessageHandler handler, CancellationToken ct)
    {
        var subscription = new InMemorySubscription(bus, context.Name, topic, _consumerId, handler);
        bus.Join(subscription);
        return Task.FromResult<IBrokerSubscription>(subscription);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
