using Eco2.Testing;
using RabbitMQ.Client;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>The RabbitMQ of this test process, and a connection of our own. Queues outlive their consumers, so that a test can look at them.</summary>
public sealed class RabbitMqFixture : TestBroker
{
    private readonly Dictionary<string, List<byte[]>> _seen = [];
    private IConnection _connection = null!;

    public RabbitMqServer Server { get; private set; } = null!;

    internal IChannel Channel { get; private set; } = null!;

    public override async Task InitializeAsync()
    {
        Server = await RabbitMqServer.SharedAsync();
        // The handshake of a broker that has only just started may outlast the client's patience on a busy machine.
        await Eventually.TrueAsync(TryConnectAsync, "RabbitMQ lets us in", TimeSpan.FromMinutes(1));
        Channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
    }

    private async Task<bool> TryConnectAsync()
    {
        try
        {
            _connection = await new ConnectionFactory { Uri = new Uri(Server.Url) }.CreateConnectionAsync();
            return true;
        }
        catch (RabbitMQ.Client.Exceptions.BrokerUnreachableException)
        {
            return false;
        }
    }

    public override async Task DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    internal override string PubSub(params string[] metadata) =>
        PubSubHost.RabbitMq(Server.Url, [.. ((string[])["deletedWhenUnused: false", "publisherConfirm: true", "reconnectWaitSeconds: 100ms"])
            .Where(ours => !metadata.Any(theirs => theirs.Split(':')[0] == ours.Split(':')[0])), .. metadata]);

    internal override async Task WatchAsync(string topic)
    {
        await Channel.ExchangeDeclareAsync(topic, "fanout", durable: true, autoDelete: false);
        await Channel.QueueDeclareAsync("watch-" + topic, durable: false, exclusive: false, autoDelete: false);
        await Channel.QueueBindAsync("watch-" + topic, topic, "");
        _seen[topic] = [];
    }

    internal override async Task<IReadOnlyList<byte[]>> MessagesAsync(string topic)
    {
        while (await Channel.BasicGetAsync("watch-" + topic, autoAck: true) is { } message)
        {
            _seen[topic].Add(message.Body.ToArray());
        }

        return _seen[topic];
    }

    internal override async Task PutAsync(string topic, byte[] message)
    {
        await Channel.ExchangeDeclareAsync(topic, "fanout", durable: true, autoDelete: false);
        await Channel.BasicPublishAsync(topic, "", message);
    }

    internal override async Task<long> PendingAsync(string topic, string group) => await Server.MessagesAsync($"{group}-{topic}") ?? 0;
}
