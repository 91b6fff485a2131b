using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>Settings of pubsub.rabbitmq that reach the server, and those that stop the start.</summary>
public sealed class RabbitMqSettingsTests(RabbitMqFixture rabbitMq) : IClassFixture<RabbitMqFixture>
{
    [Fact]
    public async Task Parameters_of_the_connection_string_count()
    {
        var world = await rabbitMq.Server.CreateVirtualHostAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.RabbitMq($"{rabbitMq.Server.Url}/{world}?heartbeat=7&channel_max=50&auth_mechanism=plain&cacertfile=/nowhere", "heartBeat: 20"), ("a", null));

        Assert.Contains(
            $"{{\"{world}\",7,50}}",
            (await rabbitMq.Server.AskAsync("[{binary_to_list(V), T, C} || [{vhost, V}, {timeout, T}, {channel_max, C}] <- rabbit_networking:connection_info_all([vhost, timeout, channel_max])]."))
                .Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("consumerId: x", "\"consumerId\" must be written \"consumerID\"")]
    [InlineData("concurrencymode: single", "\"concurrencymode\" must be written \"concurrencyMode\"")]
    [InlineData("durable: ", "\"durable\" is empty")]
    [InlineData("ttlInSeconds: -5", "\"ttlInSeconds\" must be a duration or a number of seconds")]
    [InlineData("caCert: x", "\"caCert\" is not in PEM")]
    [InlineData("connectionString: amqp://127.0.0.1?heartbeat=soon", "\"connectionString\" has a heartbeat that is no number")]
    [InlineData("connectionString: amqp://127.0.0.1?auth_mechanism=amqplain", "\"connectionString\" has the auth_mechanism AMQPLAIN")]
    [InlineData("prefetchCount: 256", "\"prefetchCount\" must be from 0 to 255")]
    [InlineData("exchangeKind: odd", "\"exchangeKind\" must be")]
    [InlineData("concurrencyMode: some", "\"concurrencyMode\" must be parallel or single")]
    [InlineData("reconnectWait: 1s", "\"reconnectWait\" is not supported")]
    [InlineData("connectionString: http://localhost", "\"connectionString\" is not of the form")]
    [InlineData("connectionString: amqp://eco2:secret@127.0.0.1:1", "cannot be opened: RabbitMQ at 127.0.0.1:1")]
    public async Task What_cannot_be_honoured_is_refused_by_name(string setting, string sentence)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => PubSubHost.StartAsync(rabbitMq.PubSub(setting), ("a", null)));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }
}
