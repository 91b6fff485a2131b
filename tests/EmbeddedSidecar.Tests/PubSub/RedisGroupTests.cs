using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>Consumer groups of pubsub.redis: who joins and leaves them, and who gets what another held.</summary>
public sealed class RedisGroupTests(RedisFixture redis) : IClassFixture<RedisFixture>
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

    private static IEnumerable<string> Numbers(int count) => Sorted(Enumerable.Range(0, count).Select(i => $"{i}"));

    private static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);
}
