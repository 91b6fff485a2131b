using EmbeddedSidecar.Components;
using EmbeddedSidecar.RabbitMq;
using RabbitMQ.Client;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>The settings of pubsub.rabbitmq with the defaults that Dapr's code has.</summary>
internal sealed record RabbitMqOptions
{
    public required RabbitMqServer Server { get; init; }

    /// <summary>Whose queues these are: who shares it, shares the messages.</summary>
    public required string ConsumerId { get; init; }

    /// <summary>Exchanges and queues survive a restart of the server.</summary>
    public required bool Durable { get; init; }

    /// <summary>A queue goes with its last consumer, an exchange with its last queue.</summary>
    public required bool DeletedWhenUnused { get; init; }

    public required bool AutoAck { get; init; }

    /// <summary>What nobody took goes back into the queue, at once and for ever; else it is dropped, or dead-lettered by the server.</summary>
    public required bool RequeueInFailure { get; init; }

    /// <summary>2: messages survive a restart of the server, if their queue does.</summary>
    public required int DeliveryMode { get; init; }

    /// <summary>How many messages a subscription may hold; 0 = all there are.</summary>
    public required ushort PrefetchCount { get; init; }

    public required bool PublisherConfirm { get; init; }

    public required bool EnableDeadLetter { get; init; }

    /// <summary>One message after the other, in the order of the queue.</summary>
    public required bool IsSingle { get; init; }

    /// <summary>The component says concurrency, which Dapr does not read: its name for it is concurrencyMode.</summary>
    public required bool ConcurrencyIsIgnored { get; init; }

    public required string ExchangeKind { get; init; }

    public required TimeSpan ReconnectWait { get; init; }

    /// <summary>Of every message that does not say its own.</summary>
    public required TimeSpan? TimeToLive { get; init; }

    public required long MaxLength { get; init; }

    public required long MaxLengthBytes { get; init; }

    public required bool PropertiesToMetadata { get; init; }

    public static RabbitMqOptions From(ComponentContext context)
    {
        var metadata = context.Metadata;
        metadata.RefuseEmpty("durable", "deletedWhenUnused", "reconnectWaitSeconds", "exchangeKind");
        return new RabbitMqOptions
        {
            Server = RabbitMqServer.From(metadata),
            ConsumerId = PubSub.ConsumerId.Of(context),
            Durable = metadata.Flag("durable", true),
            DeletedWhenUnused = metadata.Flag("deletedWhenUnused", true),
            AutoAck = metadata.Flag("autoAck", false),
            RequeueInFailure = metadata.Flag("requeueInFailure", false),
            DeliveryMode = Between(metadata, "deliveryMode", 2),
            PrefetchCount = (ushort)Between(metadata, "prefetchCount", byte.MaxValue),
            PublisherConfirm = metadata.Flag("publisherConfirm", false),
            EnableDeadLetter = metadata.Flag("enableDeadLetter", false),
            ConcurrencyIsIgnored = metadata.Optional("concurrency") is not null,
            IsSingle = metadata.Exactly("concurrencyMode") switch
            {
                "single" => true,
                "parallel" or null => false,
                var other => throw metadata.Refuse("concurrencyMode", $"must be parallel or single, not \"{other}\""),
            },
            ExchangeKind = metadata.Text("exchangeKind", ExchangeType.Fanout) is var kind && ExchangeType.All().Contains(kind)
                ? kind
                : throw metadata.Refuse("exchangeKind", "must be fanout, topic, direct or headers"),
            ReconnectWait = metadata.DurationOrSeconds("reconnectWaitSeconds", TimeSpan.FromSeconds(3)),
            TimeToLive = MessageTtl.Of(metadata),
            MaxLength = metadata.Long("maxLen", 0),
            MaxLengthBytes = metadata.Long("maxLenBytes", 0),
            PropertiesToMetadata = metadata.Flag("publishMessagePropertiesToMetadata", false),
        };
    }

    // All of them are 0 unless somebody says otherwise.
    private static int Between(ComponentMetadata metadata, string name, int most) =>
        metadata.Integer(name, 0) is var number && number >= 0 && number <= most ? number : throw metadata.Refuse(name, $"must be from 0 to {most}");
}
