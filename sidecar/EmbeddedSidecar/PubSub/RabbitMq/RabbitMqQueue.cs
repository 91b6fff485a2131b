using System.Globalization;
using RabbitMQ.Client;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>The queue of one subscription, named and declared as daprd does: a daprd of the same app competes for the same messages.</summary>
/// <param name="metadata">The subscription's own: queueName, routingKey, queueType, maxPriority, singleActiveConsumer.</param>
internal sealed class RabbitMqQueue(string topic, IReadOnlyDictionary<string, string> metadata, RabbitMqOptions options)
{
    public string Topic => topic;

    public string Name { get; } = Setting(metadata, "queueName") ?? $"{options.ConsumerId}-{topic}";

    public static Task DeclareExchangeAsync(IChannel channel, string topic, RabbitMqOptions options, CancellationToken ct) =>
        channel.ExchangeDeclareAsync(topic, options.ExchangeKind, options.Durable, options.DeletedWhenUnused, cancellationToken: ct);

    /// <summary>Makes what is missing on the server; what is there must be of the same kind.</summary>
    public async Task DeclareAsync(IChannel channel, CancellationToken ct)
    {
        await DeclareExchangeAsync(channel, topic, options, ct);
        var arguments = Lengths();
        if (options.EnableDeadLetter)
        {
            var exchange = "dlx-" + Name;
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, options.DeletedWhenUnused, cancellationToken: ct);
            var letters = Lengths();
            letters["x-queue-mode"] = "lazy";
            await channel.QueueDeclareAsync("dlq-" + Name, durable: true, exclusive: false, options.DeletedWhenUnused, letters, cancellationToken: ct);
            await channel.QueueBindAsync("dlq-" + Name, exchange, "", cancellationToken: ct);
            arguments["x-dead-letter-exchange"] = exchange;
        }

        arguments["x-queue-type"] = Setting(metadata, "queueType") ?? "classic";
        if (Number("maxPriority") is { } most)
        {
            arguments["x-max-priority"] = Math.Min(most, byte.MaxValue);
        }

        if (Setting(metadata, "singleActiveConsumer")?.ToUpperInvariant() is "TRUE" or "1" or "T" or "Y" or "YES" or "ON")
        {
            arguments["x-single-active-consumer"] = true;
        }

        await channel.QueueDeclareAsync(Name, options.Durable, exclusive: false, options.DeletedWhenUnused, arguments, cancellationToken: ct);
        foreach (var key in (Setting(metadata, "routingKey") ?? "").Split(','))
        {
            await channel.QueueBindAsync(Name, topic, key, cancellationToken: ct);
        }
    }

    /// <exception cref="Routing.RuleException">A setting of the subscription cannot be honoured.</exception>
    public void Check()
    {
        if (Setting(metadata, "queueType") is { } type and not ("classic" or "quorum"))
        {
            throw new Routing.RuleException($"The subscription's metadata queueType must be classic or quorum, not \"{type}\".");
        }

        if (Setting(metadata, "maxPriority") is { } text && Number("maxPriority") is null)
        {
            throw new Routing.RuleException($"The subscription's metadata maxPriority is not a number: \"{text}\".");
        }

        foreach (var name in (string[])["maxLen", "maxLenBytes"])
        {
            if (Setting(metadata, name) is not null)
            {
                throw new Routing.RuleException($"The subscription's metadata {name} would keep it from ever starting with Dapr 1.18, whose client refuses that number; the component may have it.");
            }
        }
    }

    private Dictionary<string, object?> Lengths()
    {
        var arguments = new Dictionary<string, object?>();
        if (options.MaxLength > 0)
        {
            arguments["x-max-length"] = options.MaxLength;
        }

        if (options.MaxLengthBytes > 0)
        {
            arguments["x-max-length-bytes"] = options.MaxLengthBytes;
        }

        return arguments;
    }

    private long? Number(string name) =>
        long.TryParse(Setting(metadata, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Setting(IReadOnlyDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
