using System.Globalization;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.RabbitMq;
using RabbitMQ.Client;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>pubsub.rabbitmq: a topic is an exchange, each consumer has a queue of its own there, as in Dapr.</summary>
internal sealed partial class RabbitMqPubSub : IPubSub
{
    private readonly RabbitMqOptions _options;
    private readonly RabbitMqConnections _connections;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly RabbitMqPublisher _publisher;

    public RabbitMqPubSub(ComponentContext context)
    {
        _options = RabbitMqOptions.From(context);
        Scopes = new TopicScopes(context.Metadata, context.App.AppId);
        _connections = context.Services.RabbitMq;
        _clock = context.Services.Clock;
        _log = context.Services.Logs.CreateLogger<RabbitMqPubSub>();
        _publisher = new RabbitMqPublisher(_connections.ToPublish(_options.Server), _options, _clock);
    }

    public TopicScopes Scopes { get; }

    public IReadOnlyList<string> Capabilities { get; } = [MessageTtl.Capability];

    public Task OpenAsync(CancellationToken ct)
    {
        if (_options.ConcurrencyIsIgnored)
        {
            NoConcurrency(_log);
        }

        return _publisher.OpenAsync(ct);
    }

    public Task PublishAsync(string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        var properties = new BasicProperties { ContentType = Setting("contentType") ?? "text/plain" };
        if (_options.DeliveryMode > 0)
        {
            properties.DeliveryMode = (DeliveryModes)_options.DeliveryMode;
        }

        if ((MessageTtl.Of(metadata) ?? _options.TimeToLive) is { } life)
        {
            properties.Expiration = ((long)life.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        if (long.TryParse(Exactly("priority"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority))
        {
            properties.Priority = (byte)Math.Clamp(priority, 0, byte.MaxValue);
        }

        if (Setting("messageID") is { } id)
        {
            properties.MessageId = id;
        }

        if (Setting("correlationID") is { } correlation)
        {
            properties.CorrelationId = correlation;
        }

        if (Setting("type") is { } type)
        {
            properties.Type = type;
        }

        return _publisher.PublishAsync(topic, Exactly("routingKey") ?? "", properties, data, ct);

        string? Setting(string name) =>
            metadata?.FirstOrDefault(pair => pair.Value.Length > 0 && pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

        // These two Dapr sees in no other letter case.
        string? Exactly(string name) => metadata?.FirstOrDefault(pair => pair.Value.Length > 0 && pair.Key == name).Value;
    }

    public async Task<IBrokerSubscription> SubscribeAsync(
        string topic, IReadOnlyDictionary<string, string> metadata, MessageHandler handler, CancellationToken ct)
    {
        var queue = new RabbitMqQueue(topic, metadata, _options);
        queue.Check();
        var consumer = await RabbitMqConsumer.StartAsync(_connections.ToConsume(_options.Server), queue, _options, handler, _log, ct);
        return new RabbitMqSubscription(
            consumer, again => RabbitMqConsumer.StartAsync(_connections.ToConsume(_options.Server), queue, _options, handler, _log, again), _options, _clock, _log);
    }

    public ValueTask DisposeAsync() => _publisher.DisposeAsync();

    [LoggerMessage(Level = LogLevel.Warning, Message = "pubsub.rabbitmq: Dapr does not read concurrency, so it has no effect; the setting is called concurrencyMode")]
    private static partial void NoConcurrency(ILogger log);
}
