using EmbeddedSidecar.Apps;
using EmbeddedSidecar.PubSub.Routing;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>What all deliveries of one subscription share.</summary>
/// <param name="Topic">As subscribed, without namespace.</param>
/// <param name="CutOff">Ends calls into the app that outlast the drain of a stop.</param>
internal sealed record SubscriptionContext(
    AppInstance App,
    PubSubComponent Component,
    string Topic,
    bool IsRaw,
    TopicRoutes Routes,
    ISubscriber Subscriber,
    DeadLetters DeadLetters,
    TimeProvider Clock,
    ILogger Log,
    CancellationToken CutOff);
