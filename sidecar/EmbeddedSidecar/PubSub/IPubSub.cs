using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>A message broker as one app's sidecar sees it. Topics are the broker's: any namespace prefix is already on them.</summary>
internal interface IPubSub : IComponent
{
    /// <summary>Which topics this app may use.</summary>
    TopicScopes Scopes { get; }

    /// <summary>Returns when the broker has the message for good.</summary>
    /// <param name="metadata">Travels with the message; null and empty are different things on some brokers.</param>
    Task PublishAsync(string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct);

    /// <summary>Begins to hand messages of a topic to the handler, several at once if the broker allows that.</summary>
    /// <param name="metadata">The subscription's own metadata.</param>
    Task<IBrokerSubscription> SubscribeAsync(
        string topic, IReadOnlyDictionary<string, string> metadata, MessageHandler handler, CancellationToken ct);
}

/// <summary>Takes one message. Must not throw.</summary>
/// <param name="stopping">
/// Says that the subscription is being stopped: a call that is under way may finish, nothing new should be begun.
/// </param>
internal delegate ValueTask<Handled> MessageHandler(BrokerMessage message, CancellationToken stopping);

/// <summary>
/// A running subscription. Disposing it takes no more messages, waits for the handlers that run, and gives back what was not begun.
/// </summary>
internal interface IBrokerSubscription : IAsyncDisposable;

/// <summary>One message as it lies on the broker.</summary>
internal sealed record BrokerMessage(string Topic, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <summary>What became of a message, seen from the broker.</summary>
internal enum Handled
{
    /// <summary>Done with: delivered, dropped on purpose, or lying in the dead letter topic.</summary>
    Done,

    /// <summary>Nobody took it and there is no dead letter topic. The broker's own rules decide, and most lose it.</summary>
    Failed,

    /// <summary>Not tried to the end because the subscription stops: somebody else must get it.</summary>
    Abandoned,
}
