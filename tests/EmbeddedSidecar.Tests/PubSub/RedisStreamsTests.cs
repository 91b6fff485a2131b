using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>What lies in the streams of pubsub.redis, and for how long.</summary>
public sealed class RedisStreamsTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task The_stream_holds_the_fields_that_daprd_writes()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host), ("a", null));

        await host.PublishAsync("layout", "1", "?metadata.rawPayload=true&metadata.color=blue");
        var entry = (await redis.AskAsync("XRANGE", "layout", "-", "+")).Items!.Single().Items![1].Items!;

        Assert.Equal("data", entry[0].Text);
        Assert.Equal("1", entry[1].Text);
        Assert.Equal("metadata", entry[2].Text);
        Assert.Equal("blue", JsonDocument.Parse(entry[3].Bytes).RootElement.GetProperty("color").GetString());
    }

    [Theory]
    [InlineData("single", "", "{\"color\":\"blue\",\"pubsubName\":\"pubsub\"}")]
    [InlineData("batch", "\n  bulkSubscribe: { enabled: true, maxMessagesCount: 1 }", "{\"color\":\"blue\"}")]
    public async Task A_dead_letter_says_what_the_publisher_said_and_unless_it_came_in_a_batch_where_it_lay(string topic, string more, string metadata)
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (500, null);
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host) + PubSubHost.Subscription(topic, "/in", $"deadLetterTopic: {topic}-dead{more}"), ("a", app));

        await host.PublishAsync(topic, "1", "?metadata.color=blue");
        await Eventually.TrueAsync(async () => (await redis.AskAsync("XLEN", topic + "-dead")).Number == 1, "dead letter");

        var fields = (await redis.AskAsync("XRANGE", topic + "-dead", "-", "+")).Items!.Single().Items![1].Items!;
        Assert.Equal("data metadata", $"{fields[0].Text} {fields[2].Text}");
        Assert.Equal(metadata, fields[3].Text);
    }

    [Fact]
    public async Task What_the_publisher_said_about_the_message_comes_as_headers()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("said", "/in"), ("a", app));

        await host.PublishAsync("said", "1", "?metadata.color=blue");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Equal("blue", app.Requests.Single().Headers["color"]);
    }

    [Fact]
    public async Task A_ttl_of_none_is_over_at_once_and_ttl_counts_before_ttl_in_seconds()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host), ("a", null));

        await host.PublishAsync("lives", "1", "?metadata.ttlInSeconds=0");
        await host.PublishAsync("lives", "2", "?metadata.ttlInSeconds=1&metadata.ttl=1h");

        var expirations = (await redis.MessagesAsync("lives")).Select(one => JsonDocument.Parse(one).RootElement.GetProperty("expiration").GetDateTimeOffset()).ToList();
        var now = TimeProvider.System.GetUtcNow();
        Assert.True(expirations[0] <= now && expirations[1] > now.AddMinutes(30));
    }

    [Fact]
    public async Task An_expiration_that_is_not_written_as_daprd_writes_it_is_none()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("dated", "/in"), ("a", app));

        await redis.AskAsync("XADD", "dated", "*", "data", """{"id":"1","data":"old","expiration":"2001-01-01T00:00:00.123456789+09:00"}""");
        await redis.AskAsync("XADD", "dated", "*", "data", """{"id":"2","data":"odd","expiration":"2001-01-01"}""");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");
        await Eventually.TrueAsync(async () => await redis.PendingAsync("dated", "a") == 0, "acknowledged");

        Assert.Equal(["odd"], app.DataOn("/in"));
    }

    [Fact]
    public async Task Streams_are_trimmed_by_length_or_by_age()
    {
        await using var byLength = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, "maxLenApprox: 10"), ("a", null));
        await using var byAge = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, "streamTTL: 1h"), ("a", null));
        var old = TimeProvider.System.GetUtcNow().AddHours(-2).ToUnixTimeMilliseconds();
        for (var i = 0; i < 300; i++)
        {
            await redis.AskAsync("XADD", "aged", $"{old + i}-0", "data", "x");
        }

        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => byLength.PublishAsync("long", "1")));
        await byAge.PublishAsync("aged", "1");

        // Redis trims whole nodes of 100 entries when it may do so approximately.
        Assert.InRange((await redis.AskAsync("XLEN", "long")).Number!.Value, 10, 199);
        Assert.InRange((await redis.AskAsync("XLEN", "aged")).Number!.Value, 1, 101);
    }

    [Fact]
    public async Task A_deleted_stream_is_made_again_and_heard_again()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("deleted", "/in"), ("a", app));
        await host.PublishAsync("deleted", "1");
        await Eventually.TrueAsync(() => app.Requests.Count == 1, "the first");

        await redis.AskAsync("DEL", "deleted");
        await host.PublishAsync("deleted", "2");
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "the second");

        Assert.Equal(["1", "2"], app.DataOn("/in"));
    }

    [Fact]
    public async Task A_topic_of_a_component_with_a_namespace_is_prefixed_on_the_broker_only()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "consumerID: {namespace}") + PubSubHost.Subscription("spaced", "/in"), ("a", app));

        await host.PublishAsync("spaced", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Equal("spaced", app.Requests.Single().Json.GetProperty("topic").GetString());
        Assert.Equal(1, (await redis.AskAsync("XLEN", "defaultspaced")).Number);
    }

    [Fact]
    public async Task A_message_without_metadata_and_one_that_is_no_event_do_not_stop_the_others()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("odd", "/in", "deadLetterTopic: odd-dead"), ("a", app));
        var notJson = Encoding.UTF8.GetBytes("not json");

        await redis.AskAsync("XADD", "odd", "*", "data", notJson, "metadata", "[broken");
        await redis.AskAsync("XADD", "odd", "*", "other", "field");
        await redis.AskAsync("XADD", "odd", "*", "data", """{"id":"3","data":"good","traceparent":5}""");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the good one");
        await Eventually.TrueAsync(async () => (await redis.AskAsync("XLEN", "odd-dead")).Number == 2, "the bad ones lie in the dead letter topic");

        Assert.Equal("good", app.Requests.Single().Data);
        Assert.Equal(notJson, (await redis.AskAsync("XRANGE", "odd-dead", "-", "+")).Items![0].Items![1].Items![1].Bytes);
    }
}
