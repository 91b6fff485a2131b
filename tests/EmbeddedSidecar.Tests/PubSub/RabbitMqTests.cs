using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Components;
using RabbitMQ.Client;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RabbitMqTests(RabbitMqFixture rabbitMq) : IClassFixture<RabbitMqFixture>
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
    public async Task Messages_lie_in_the_queue_and_under_the_properties_that_daprd_uses()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using (await PubSubHost.StartAsync(rabbitMq.PubSub() + PubSubHost.Subscription("layout", "/in"), ("a", app)))
        {
            // Leaves the queue behind.
        }

        await using var host = await PubSubHost.StartAsync(rabbitMq.PubSub("deliveryMode: 2"), ("a", null));
        await host.PublishAsync("layout", """{"n":1}""", "?metadata.ttlInSeconds=60&metadata.priority=3&metadata.messageId=m&metadata.correlationID=c&metadata.cloudevent.id=e");

        var message = await rabbitMq.Channel.BasicGetAsync("a-layout", autoAck: true);
        Assert.Equal("layout", message!.Exchange);
        Assert.Equal("", message.RoutingKey);
        var properties = message.BasicProperties;
        Assert.Equal(
            ("text/plain", DeliveryModes.Persistent, "60000", 3, "m", "c"),
            (properties.ContentType, properties.DeliveryMode, properties.Expiration, properties.Priority, properties.MessageId, properties.CorrelationId));
        var envelope = Encoding.UTF8.GetString(message.Body.Span);
        Assert.Contains("\"id\":\"e\"", envelope, StringComparison.Ordinal);
        Assert.DoesNotContain("expiration", envelope, StringComparison.Ordinal);
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
    public async Task With_requeue_in_failure_it_comes_again_until_it_is_taken()
    {
        var calls = 0;
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (Interlocked.Increment(ref calls) < 4 ? 500 : 200, null);
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("requeueInFailure: true") + PubSubHost.Subscription("requeued", "/in"), ("a", app));

        await host.PublishAsync("requeued", "1");
        await Eventually.TrueAsync(() => calls == 4, "four attempts");
        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("requeued", "a") == 0, "acknowledged");

        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task With_concurrency_mode_single_messages_come_one_by_one_in_order()
    {
        var (running, most) = (0, 0);
        await using var app = await SubscriberApp.StartAsync();
        app.Before = async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
        };
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("concurrencyMode: single") + PubSubHost.Subscription("ordered", "/in"), ("a", app));

        for (var i = 0; i < 50; i++)
        {
            await rabbitMq.PutAsync("ordered", Encoding.UTF8.GetBytes($$"""{"id":"{{i}}","data":{{i}}}"""));
        }

        await Eventually.TrueAsync(() => app.Requests.Count == 50, "all");

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), app.DataOn("/in"));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Under_the_name_that_dapr_does_not_read_it_changes_nothing()
    {
        var hold = new TaskCompletionSource();
        await using var app = await SubscriberApp.StartAsync();
        app.Before = _ => hold.Task;
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("concurrency: single") + PubSubHost.Subscription("parallel", "/in"), ("a", app));

        await rabbitMq.PutAsync("parallel", """{"id":"1","data":1}"""u8.ToArray());
        await rabbitMq.PutAsync("parallel", """{"id":"2","data":2}"""u8.ToArray());

        await Eventually.TrueAsync(() => app.Requests.Count == 2, "both at once");
        hold.SetResult();
    }

    [Fact]
    public async Task The_prefetch_count_is_how_many_the_app_has_at_once_and_with_auto_ack_there_is_no_holding_back()
    {
        var hold = new TaskCompletionSource();
        await using var slow = await SubscriberApp.StartAsync();
        slow.Before = _ => hold.Task;
        await using var limited = await PubSubHost.StartAsync(
            rabbitMq.PubSub("prefetchCount: 3") + PubSubHost.Subscription("limited", "/in"), ("a", slow));
        await using var careless = await PubSubHost.StartAsync(
            rabbitMq.PubSub("autoAck: true") + PubSubHost.Subscription("careless", "/in"), ("a", slow));

        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => limited.PublishAsync("limited", $"{i}")));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => careless.PublishAsync("careless", $"{i}")));
        await Eventually.TrueAsync(() => slow.Requests.Count(one => one.Json.GetProperty("topic").GetString() == "careless") == 10, "all ten at once");
        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("careless", "a") == 0, "acknowledged as they were sent");

        Assert.Equal(3, slow.Requests.Count(one => one.Json.GetProperty("topic").GetString() == "limited"));
        Assert.Equal(10, await rabbitMq.PendingAsync("limited", "a"));
        hold.SetResult();
        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("limited", "a") == 0, "all done");
    }

    [Fact]
    public async Task A_message_whose_time_is_over_is_not_delivered()
    {
        await using var app = await SubscriberApp.StartAsync();
        var resources = rabbitMq.PubSub() + PubSubHost.Subscription("brief", "/in");
        await using (await PubSubHost.StartAsync(resources, ("a", app)))
        {
            // Leaves the queue behind.
        }

        await using (var publisher = await PubSubHost.StartAsync(rabbitMq.PubSub("ttlInSeconds: 1"), ("p", null)))
        {
            await publisher.PublishAsync("brief", "1");
            await publisher.PublishAsync("brief", "2", "?metadata.ttlInSeconds=600");
        }

        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("brief", "a") == 1, "the first is over");
        await using var host = await PubSubHost.StartAsync(resources, ("a", app));
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the second");

        Assert.Equal(["2"], app.DataOn("/in"));
    }

    [Theory]
    [InlineData("metadata.ttl=-5s")]
    [InlineData("metadata.ttlInSeconds=0")]
    [InlineData("metadata.ttlInSeconds=600&metadata.ttl=0")]
    public async Task A_time_that_is_over_already_is_no_mistake(string ttl)
    {
        await using var app = await SubscriberApp.StartAsync();
        await using (await PubSubHost.StartAsync(rabbitMq.PubSub() + PubSubHost.Subscription("over", "/in"), ("a", app)))
        {
            // Leaves the queue behind.
        }

        await using var publisher = await PubSubHost.StartAsync(rabbitMq.PubSub(), ("p", null));
        using var answer = await publisher.PublishAsync("over", "1", "?" + ttl);

        Assert.Equal(204, (int)answer.StatusCode);
        await Eventually.TrueAsync(async () => await rabbitMq.PendingAsync("over", "a") == 0, "it is over");
    }

    [Fact]
    public async Task What_is_no_event_is_refused_in_a_batch_too()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("enableDeadLetter: true") + PubSubHost.Subscription("oddbulk", "/in", "bulkSubscribe: { enabled: true, maxAwaitDurationMs: 5 }"), ("a", app));

        await rabbitMq.PutAsync("oddbulk", "not json"u8.ToArray());

        await Eventually.TrueAsync(async () => await rabbitMq.Server.MessagesAsync("dlq-a-oddbulk") == 1, "in the dead letter queue");
        Assert.Empty(app.Requests);
    }

    [Fact]
    public async Task A_message_may_be_as_large_as_the_server_takes()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("enableDeadLetter: true", "maxLenBytes: 5000000000") + PubSubHost.Subscription("huge", "/in"), ("a", app));

        await rabbitMq.PutAsync("huge", new byte[65 * 1024 * 1024]);

        await Eventually.TrueAsync(async () => await rabbitMq.Server.MessagesAsync("dlq-a-huge") == 1, "read, and refused as it is no event");
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

    [Fact]
    public async Task Message_properties_come_as_headers_if_the_component_says_so()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("publishMessagePropertiesToMetadata: true") + PubSubHost.Subscription("told", "/in"), ("a", app));

        await host.PublishAsync("told", "1", "?metadata.correlationId=c7");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Equal("c7", app.Requests.Single().Headers["metadata.correlationid"]);
    }

    [Fact]
    public async Task Headers_are_printed_as_go_prints_them()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("publishMessagePropertiesToMetadata: true") + PubSubHost.Subscription("printed", "/in"), ("a", app));
        var headers = new Dictionary<string, object?>
        {
            ["flag"] = true,
            ["blank"] = "",
            ["at"] = new AmqpTimestamp(1_700_000_000),
            ["past"] = new List<object?> { new Dictionary<string, object?> { ["queue"] = "q", ["count"] = 2L } },
        };

        await rabbitMq.Channel.BasicPublishAsync("printed", "", false, new BasicProperties { Headers = headers }, """{"id":"1","data":1}"""u8.ToArray());
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        var received = app.Requests.Single().Headers;
        Assert.Equal(
            ("true", "", "2023-11-14 22:13:20 +0000 UTC", "[map[count:2 queue:q]]"),
            (received["metadata.flag"], received["metadata.blank"], received["metadata.at"], received["metadata.past"]));
    }

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

    private Task<string> QueuesAsync() => rabbitMq.Server.AskAsync("[binary_to_list(element(4, amqqueue:get_name(Q))) || Q <- rabbit_amqqueue:list()].");
}
