using System.Globalization;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <summary>The settings of pubsub.redis with Dapr's defaults.</summary>
internal sealed record RedisStreamsOptions
{
    public required RedisOptions Server { get; init; }

    /// <summary>The consumer group: who shares one, shares the messages.</summary>
    public required string ConsumerId { get; init; }

    /// <summary>This app instance within the group.</summary>
    public required string Consumer { get; init; }

    /// <summary>A message nobody acknowledged for so long is given to another consumer.</summary>
    public required TimeSpan ProcessingTimeout { get; init; }

    /// <summary>How often to look for such messages.</summary>
    public required TimeSpan RedeliverInterval { get; init; }

    /// <summary>The component says an interval that Dapr does not read, because it is not a number of milliseconds.</summary>
    public required bool IntervalIsIgnored { get; init; }

    /// <summary>How long to wait until Redis has taken a message.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>How many messages one read may bring.</summary>
    public required int QueueDepth { get; init; }

    /// <summary>How many messages the app may have at once, over all topics of the component.</summary>
    public required int Concurrency { get; init; }

    /// <summary>About how many messages a stream keeps; 0 = all.</summary>
    public required long MaxLength { get; init; }

    /// <summary>How long a stream keeps a message; zero = for ever.</summary>
    public required TimeSpan TimeToLive { get; init; }

    /// <summary>Either setting at zero turns redelivery off.</summary>
    public bool Redelivers => ProcessingTimeout > TimeSpan.Zero && RedeliverInterval > TimeSpan.Zero;

    /// <summary>The group was named by {uuid}: nobody but this process will ever ask for it.</summary>
    public bool IsPrivateGroup => Guid.TryParse(ConsumerId, out _);

    public static RedisStreamsOptions From(ComponentContext context)
    {
        var metadata = context.Metadata;
        var consumerId = PubSub.ConsumerId.Of(context);
        var interval = metadata.Exactly("redeliverInterval");
        var isNumber = uint.TryParse(interval, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds);
        return new RedisStreamsOptions
        {
            Server = RedisOptions.From(metadata),
            ConsumerId = consumerId,
            Consumer = $"{consumerId}-{Place(context.App)}",
            ProcessingTimeout = metadata.Duration("processingTimeout", TimeSpan.FromSeconds(60)),
            RedeliverInterval = isNumber ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.FromSeconds(15),
            IntervalIsIgnored = interval is not null && !isNumber,
            Patience = RedisOptions.Patience(metadata),
            QueueDepth = AtLeastOne(metadata, "queueDepth", 100),
            Concurrency = AtLeastOne(metadata, "concurrency", 10),
            MaxLength = Math.Max(0, metadata.Long("maxLenApprox", 0)),
            TimeToLive = metadata.Duration("streamTTL", TimeSpan.Zero),
        };
    }

    // An instance with a name or a port of its own is the same consumer when its process is started again, and so finds at once what it was
    // given and did not finish before it was killed. Two processes never hold one port; with neither there is nothing to come back to.
    private static string Place(AppInstance app) => app.Settings switch
    {
        { Name: { } name } => $"{Environment.MachineName}-{name}",
        { HttpPort: > 0 and var port } => $"{Environment.MachineName}-{port}",
        _ => $"{app.InstanceId:N}",
    };

    private static int AtLeastOne(ComponentMetadata metadata, string name, int whenAbsent) =>
        metadata.Integer(name, whenAbsent) is > 0 and var number ? number : throw metadata.Refuse(name, "must be 1 or more");
}
