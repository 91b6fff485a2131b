using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisStreamsTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task With_consumer_id_uuid_every_replica_gets_every_message_and_leaves_no_group_behind()
    {
        await using var first = await SubscriberApp.StartAsync();
        await using var second = await SubscriberApp.StartAsync();
        await using (var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "consumerID: {uuid}") + PubSubHost.Subscription("news", "/in"), ("a", first), ("a", second)))
        {
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => host.PublishAsync("news", $"{i}")));
            await Eventually.TrueAsync(() => first.Requests.Count >= 10 && second.Requests.Count >= 10, "both heard all");
        }

        Assert.Equal(Numbers(10), Sorted(first.DataOn("/in")));
        Assert.Equal(Numbers(10), Sorted(second.DataOn("/in")));
        Assert.Empty((await redis.AskAsync("XINFO", "GROUPS", "news")).Items!);
    }

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
    public async Task A_new_group_begins_at_the_oldest_message()
    {
        await using var app = await SubscriberApp.StartAsync();
        await redis.AskAsync("XADD", "old", "*", "data", """{"id":"1","data":"before"}""");

        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("old", "/in"), ("a", app));
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the old message");

        Assert.Equal("before", app.Requests.Single().Data);
    }

    [Fact]
    public async Task What_a_dead_consumer_held_is_redelivered_after_the_processing_timeout()
    {
        await redis.AskAsync("XADD", "held", "*", "data", """{"id":"1","data":"orphan"}""");
        await redis.AskAsync("XGROUP", "CREATE", "held", "a", "0");
        await redis.AskAsync("XREADGROUP", "GROUP", "a", "killed", "STREAMS", "held", ">");
        await using var app = await SubscriberApp.StartAsync();

        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 300ms", "redeliverInterval: 50") + PubSubHost.Subscription("held", "/in"), ("a", app));
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "redelivery");

        Assert.Equal("orphan", app.Requests.Single().Data);
        await Eventually.TrueAsync(async () => await redis.PendingAsync("held", "a") == 0, "acknowledged");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("a-2")]
    public async Task What_a_killed_sidecar_held_comes_at_once_to_the_one_that_takes_its_port_or_its_name(string? name)
    {
        var (port, topic) = (ChildServer.FreePort(), $"resumed-{name}");
        await redis.AskAsync("XADD", topic, "*", "data", """{"id":"1","data":"orphan"}""");
        await redis.AskAsync("XGROUP", "CREATE", topic, "a", "0");
        await redis.AskAsync("XREADGROUP", "GROUP", "a", $"a-{Environment.MachineName}-{name ?? $"{port}"}", "STREAMS", topic, ">");
        await using var app = await SubscriberApp.StartAsync();

        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 1h") + PubSubHost.Subscription(topic, "/in"), settings => settings with { Name = name, HttpPort = port }, ("a", app));

        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "what it held");
        Assert.Equal("orphan", app.Requests.Single().Data);
    }

    [Fact]
    public async Task An_interval_that_is_no_number_of_milliseconds_is_ignored()
    {
        await redis.AskAsync("XADD", "ignored", "*", "data", """{"id":"1","data":"orphan"}""");
        await redis.AskAsync("XGROUP", "CREATE", "ignored", "a", "0");
        await redis.AskAsync("XREADGROUP", "GROUP", "a", "killed", "STREAMS", "ignored", ">");
        await Eventually.TrueAsync(async () => (await redis.AskAsync("XPENDING", "ignored", "a", "-", "+", 1)).Items![0].Items![2].Number > 5, "idle");
        await using var app = await SubscriberApp.StartAsync();

        // As a duration it would turn redelivery off.
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 1", "redeliverInterval: 0s") + PubSubHost.Subscription("ignored", "/in"), ("a", app));

        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "redelivery");
    }

    [Fact]
    public async Task A_publish_does_not_wait_for_ever_for_a_redis_that_does_not_answer()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, "readTimeout: 20ms"), ("a", null));
        await redis.AskAsync("CLIENT", "PAUSE", 120_000, "WRITE");
        try
        {
            using var answer = await host.PublishAsync("paused", "1").WaitAsync(TimeSpan.FromMinutes(1));

            Assert.Equal(500, (int)answer.StatusCode);
        }
        finally
        {
            await redis.AskAsync("CLIENT", "UNPAUSE");
        }
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
    public async Task The_port_may_stand_apart_and_no_time_to_connect_is_the_usual_one()
    {
        var (host, port) = (redis.Host.Split(':')[0], redis.Host.Split(':')[1]);
        await using var apart = await PubSubHost.StartAsync(PubSubHost.Redis(host, $"redisPort: {port}", "dialTimeout: 0"), ("a", null));
        using var answer = await apart.PublishAsync("apart", "1");

        Assert.Equal(204, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.1:1", "redisPort: 2", "\"redisPort\" says 2, but redisHost says 1")]
    [InlineData("::1", "redisPort: 1", "cannot be opened: Redis at ::1:1 is not reachable")]
    [InlineData("[::1]:1", "redisDB: 0", "cannot be opened: Redis at ::1:1 is not reachable")]
    [InlineData("127.0.0.1:1", "enableTLS: yes", "\"enableTLS\" is not true or false")]
    [InlineData("127.0.0.1:1", "redisDB: ", "\"redisDB\" is empty")]
    [InlineData("127.0.0.1:1", "consumerId: x", "\"consumerId\" must be written \"consumerID\"")]
    [InlineData("127.0.0.1:1", "redeliverinterval: 5", "\"redeliverinterval\" must be written \"redeliverInterval\"")]
    public async Task What_daprd_takes_otherwise_is_refused(string server, string setting, string sentence)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => PubSubHost.StartAsync(PubSubHost.Redis(server, setting), ("a", null)));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_handler_keeps_its_message_beyond_the_processing_timeout()
    {
        var hold = new TaskCompletionSource();
        await using var app = await SubscriberApp.StartAsync();
        app.Before = one => one.Data == "slow" ? hold.Task : Task.CompletedTask;
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 100ms", "redeliverInterval: 20") + PubSubHost.Subscription("slow", "/in"), ("a", app));

        await host.PublishAsync("slow", "\"slow\"");
        await Eventually.TrueAsync(async () => (await redis.AskAsync("XPENDING", "slow", "a", "-", "+", 1)).Items is [var one] && one.Items![2].Number > 300, "idle for long");
        hold.SetResult();
        await Eventually.TrueAsync(async () => await redis.PendingAsync("slow", "a") == 0, "acknowledged");

        Assert.Single(app.Requests);
    }

    [Fact]
    public async Task Reminders_of_trimmed_entries_are_cleared_away()
    {
        await redis.AskAsync("XADD", "trimmed", "*", "data", """{"id":"1","data":"gone"}""");
        await redis.AskAsync("XGROUP", "CREATE", "trimmed", "a", "0");
        await redis.AskAsync("XREADGROUP", "GROUP", "a", "killed", "STREAMS", "trimmed", ">");
        await redis.AskAsync("XTRIM", "trimmed", "MAXLEN", 0);
        await using var app = await SubscriberApp.StartAsync();

        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 1ms", "redeliverInterval: 20") + PubSubHost.Subscription("trimmed", "/in"), ("a", app));

        await Eventually.TrueAsync(async () => await redis.PendingAsync("trimmed", "a") == 0, "cleared");
        Assert.Empty(app.Requests);
    }

    [Fact]
    public async Task A_consumer_that_owes_nothing_leaves_the_group_when_it_stops()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using (var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("leave", "/in"), ("a", app)))
        {
            await host.PublishAsync("leave", "1");
            await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");
            Assert.Single((await redis.AskAsync("XINFO", "CONSUMERS", "leave", "a")).Items!);
        }

        Assert.Empty((await redis.AskAsync("XINFO", "CONSUMERS", "leave", "a")).Items!);
        Assert.Equal(0, await redis.PendingAsync("leave", "a"));
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

    private static IEnumerable<string> Numbers(int count) => Sorted(Enumerable.Range(0, count).Select(i => $"{i}"));

    private static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);
}
