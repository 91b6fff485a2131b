using System.Text;
using Eco2.Testing;
using RabbitMQ.Client;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>The queues and exchanges that stand for subscriptions, and how long they stand.</summary>
public sealed class RabbitMqQueueTests(RabbitMqFixture rabbitMq) : IClassFixture<RabbitMqFixture>
{
    [Fact]
    public async Task With_consumer_id_uuid_every_replica_gets_every_message_and_queues_and_exchange_go_with_them()
    {
        await using var first = await SubscriberApp.StartAsync();
        await using var second = await SubscriberApp.StartAsync();
        await using (var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("consumerID: {uuid}", "deletedWhenUnused: true") + PubSubHost.Subscription("news", "/in"), ("a", first), ("a", second)))
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => host.PublishAsync("news", $"{i}")));
            await Eventually.TrueAsync(() => first.Requests.Count >= 10 && second.Requests.Count >= 10, "both heard all");
            Assert.Contains("-news", await QueuesAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(10, first.DataOn("/in").Distinct().Count());
        Assert.Equal(10, second.DataOn("/in").Distinct().Count());
        await Eventually.TrueAsync(async () => !(await QueuesAsync()).Contains("-news", StringComparison.Ordinal), "the queues are gone");
        Assert.DoesNotContain("\"news\"", await rabbitMq.Server.AskAsync("[binary_to_list(X) || {resource, _, exchange, X} <- rabbit_exchange:list_names()]."), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_dead_consumer_held_comes_at_once()
    {
        await using var app = await SubscriberApp.StartAsync();
        var resources = rabbitMq.PubSub() + PubSubHost.Subscription("held", "/in");
        await using (await PubSubHost.StartAsync(resources, ("a", app)))
        {
            // Leaves the queue behind.
        }

        await rabbitMq.PutAsync("held", """{"id":"1","data":"orphan"}"""u8.ToArray());
        await using var other = await new ConnectionFactory { Uri = new Uri(rabbitMq.Server.Url) }.CreateConnectionAsync();
        await using var channel = await other.CreateChannelAsync();
        Assert.NotNull(await channel.BasicGetAsync("a-held", autoAck: false));
        await using var host = await PubSubHost.StartAsync(resources, ("a", app));

        await other.AbortAsync();
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "redelivery");

        Assert.Equal("orphan", app.Requests.Single().Data);
        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("held", "a") == 0, "acknowledged");
    }

    [Fact]
    public async Task With_enable_dead_letter_the_server_keeps_what_nobody_took()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (500, null);
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("enableDeadLetter: true") + PubSubHost.Subscription("refused", "/in"), ("a", app));

        await host.PublishAsync("refused", "1");

        await Eventually.TrueAsync(async () => await rabbitMq.Server.MessagesAsync("dlq-a-refused") == 1, "in the dead letter queue");
        Assert.Single(app.Requests);
    }

    [Fact]
    public async Task A_queue_of_limited_length_drops_the_oldest_and_dapr_knows_lengths_of_components_only()
    {
        await using var app = await SubscriberApp.StartAsync();
        var resources = rabbitMq.PubSub("maxLen: 5") + PubSubHost.Subscription("long", "/in", "metadata: { maxLen: \"3\" }") + PubSubHost.Subscription("longer", "/in");
        await using (await PubSubHost.StartAsync(resources, ("a", app)))
        {
            // Leaves the queues behind.
        }

        for (var i = 0; i < 8; i++)
        {
            await rabbitMq.PutAsync("longer", Encoding.UTF8.GetBytes($"{i}"));
        }

        Assert.Equal(5, await rabbitMq.PendingAsync("longer", "a"));
        Assert.Equal("3", Encoding.UTF8.GetString((await rabbitMq.Channel.BasicGetAsync("a-longer", autoAck: true))!.Body.Span));
        Assert.Null(await rabbitMq.Server.MessagesAsync("a-long"));
    }

    [Fact]
    public async Task Queue_name_routing_keys_and_priorities_of_a_subscription_are_honoured()
    {
        await using var app = await SubscriberApp.StartAsync();
        var resources = rabbitMq.PubSub("exchangeKind: topic", "concurrencyMode: single", "prefetchCount: 1")
            + PubSubHost.Subscription("routed", "/in", "metadata: { queueName: mine, routingKey: \"a.*,b.#\", maxPriority: \"9\" }");
        await using (await PubSubHost.StartAsync(resources, ("a", app)))
        {
            // Leaves the queue behind.
        }

        await using (var publisher = await PubSubHost.StartAsync(rabbitMq.PubSub("exchangeKind: topic"), ("p", null)))
        {
            foreach (var (key, priority) in ((string, int)[])[("a.1", 1), ("c.1", 9), ("a.2", 2), ("b.x.y", 7), ("a.3", 4)])
            {
                using var answer = await publisher.PublishAsync("routed", $"\"{key}\"", $"?metadata.routingKey={key}&metadata.priority={priority}");
                Assert.Equal(204, (int)answer.StatusCode);
            }

            // Dapr sees this name in no other letter case.
            using var unrouted = await publisher.PublishAsync("routed", "0", "?metadata.RoutingKey=a.0");
        }

        Assert.Equal(4, await rabbitMq.Server.MessagesAsync("mine"));
        await using var host = await PubSubHost.StartAsync(resources, ("a", app));
        await Eventually.TrueAsync(() => app.Requests.Count == 4, "four");

        Assert.Equal(["b.x.y", "a.3", "a.2", "a.1"], app.DataOn("/in"));
    }

    [Fact]
    public async Task A_queue_or_an_exchange_that_was_deleted_is_made_again()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(rabbitMq.PubSub() + PubSubHost.Subscription("deleted", "/in"), ("a", app));
        await host.PublishAsync("deleted", "1");
        await Eventually.TrueAsync(() => app.Requests.Count == 1, "the first");

        await rabbitMq.Channel.ExchangeDeleteAsync("deleted");
        await rabbitMq.Channel.QueueDeleteAsync("a-deleted");
        await Eventually.TrueAsync(
            async () => await rabbitMq.Server.AskAsync("length(rabbit_binding:list_for_source(rabbit_misc:r(<<\"/\">>, exchange, <<\"deleted\">>))).") == "1",
            "the queue is back at its exchange");
        using var answer = await host.PublishAsync("deleted", "2");
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "the second");

        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal(["1", "2"], app.DataOn("/in"));
    }

    [Fact]
    public async Task A_namespace_in_the_metadata_prefixes_the_topic_on_the_broker_only()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(rabbitMq.PubSub("consumerID:  {namespace} ") + PubSubHost.Subscription("spaced", "/in"), ("a", app));

        await host.PublishAsync("spaced", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Equal("spaced", app.Requests.Single().Json.GetProperty("topic").GetString());
        Assert.NotNull(await rabbitMq.Server.MessagesAsync("default.a-defaultspaced"));
    }

    private Task<string> QueuesAsync() => rabbitMq.Server.AskAsync("[binary_to_list(element(4, amqqueue:get_name(Q))) || Q <- rabbit_amqqueue:list()].");
}
