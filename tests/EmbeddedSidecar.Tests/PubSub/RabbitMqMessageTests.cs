using System.Text;
using Eco2.Testing;
using RabbitMQ.Client;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>What a message carries beside its data: properties, headers and the time it may lie.</summary>
public sealed class RabbitMqMessageTests(RabbitMqFixture rabbitMq) : IClassFixture<RabbitMqFixture>
{
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
    public async Task A_message_may_be_as_large_as_the_server_takes()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("enableDeadLetter: true", "maxLenBytes: 5000000000") + PubSubHost.Subscription("huge", "/in"), ("a", app));

        await rabbitMq.PutAsync("huge", new byte[65 * 1024 * 1024]);

        await Eventually.TrueAsync(async () => await rabbitMq.Server.MessagesAsync("dlq-a-huge") == 1, "read, and refused as it is no event");
    }
}
