using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisConsumersTests(RedisFixture redis)
    : CompetingConsumersTests(redis, ["queueDepth: 1", "concurrency: 1"]), IClassFixture<RedisFixture>;

public sealed class RabbitMqConsumersTests(RabbitMqFixture rabbitMq)
    : CompetingConsumersTests(rabbitMq, ["prefetchCount: 1"]), IClassFixture<RabbitMqFixture>;

/// <param name="one">The settings by which a consumer takes one message at a time.</param>
public abstract class CompetingConsumersTests(TestBroker broker, string[] one)
{
    [Fact]
    public async Task Replicas_of_one_app_share_messages_and_different_apps_each_get_all()
    {
        await using var first = await SubscriberApp.StartAsync();
        await using var second = await SubscriberApp.StartAsync();
        await using var other = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub(one) + PubSubHost.Subscription("share", "/in"), ("a", first), ("a", second), ("b", other));

        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => host.PublishAsync("share", $"{i}")));
        await Eventually.TrueAsync(() => first.Requests.Count + second.Requests.Count >= 60 && other.Requests.Count >= 60, "all delivered");

        Assert.Equal(Numbers(60), Sorted(first.DataOn("/in").Concat(second.DataOn("/in"))));
        Assert.Equal(Numbers(60), Sorted(other.DataOn("/in")));
        Assert.False(first.Requests.IsEmpty);
        Assert.False(second.Requests.IsEmpty);
    }

    [Fact]
    public async Task A_message_that_failed_for_good_without_dead_letter_topic_is_acknowledged_and_lost_as_in_dapr()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (500, null);
        await using var host = await PubSubHost.StartAsync(broker.PubSub() + PubSubHost.Subscription("lost", "/in"), ("a", app));

        await host.PublishAsync("lost", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "one attempt");
        await Eventually.TrueAsync(async () => await broker.PendingAsync("lost", "a") == 0, "acknowledged");

        Assert.Single(app.Requests);
    }

    [Fact]
    public async Task An_app_that_goes_down_and_comes_back_misses_nothing()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(-1) + PubSubHost.Subscription("away", "/in"), ("a", app), ("b", null));
        await host.PublishAsync("away", "0", app: 1);
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the first");

        await app.DownAsync();
        await Task.WhenAll(Enumerable.Range(1, 30).Select(i => host.PublishAsync("away", $"{i}", app: 1)));
        await app.UpAsync();
        await Eventually.TrueAsync(() => app.DataOn("/in").Distinct().Count() == 31, "all of them");

        Assert.Equal(Numbers(31), Sorted(app.DataOn("/in").Distinct()));
        await Eventually.TrueAsync(async () => await broker.PendingAsync("away", "a") == 0, "all acknowledged");
    }

    [Fact]
    public async Task A_sidecar_that_stops_gives_back_what_its_app_did_not_take_so_the_next_one_has_it_at_once()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (503, null);
        var resources = broker.PubSub() + PubSubHost.Retries(-1, "1h") + PubSubHost.Subscription("handover", "/in");
        await using (var host = await PubSubHost.StartAsync(resources, ("a", app)))
        {
            await host.PublishAsync("handover", "7");
            await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the first attempt");
        }

        app.Answer = _ => (200, null);
        await using var next = await PubSubHost.StartAsync(resources, ("a", app));
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "the second sidecar's attempt");

        Assert.Equal(["7", "7"], app.DataOn("/in"));
    }

    [Fact]
    public async Task A_stop_waits_for_the_delivery_under_way_and_acknowledges_it()
    {
        var hold = new TaskCompletionSource();
        await using var app = await SubscriberApp.StartAsync();
        app.Before = _ => hold.Task;
        var host = await PubSubHost.StartAsync(broker.PubSub() + PubSubHost.Subscription("drain", "/in"), ("a", app));
        await host.PublishAsync("drain", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "under way");

        var stopping = host.DisposeAsync().AsTask();
        await Eventually.TrueAsync(async () => await broker.PendingAsync("drain", "a") == 1 && !stopping.IsCompleted, "still waiting");
        hold.SetResult();
        await stopping;

        Assert.Equal(0, await broker.PendingAsync("drain", "a"));
        Assert.Single(app.Requests);
    }

    private static IEnumerable<string> Numbers(int count) => Sorted(Enumerable.Range(0, count).Select(i => $"{i}"));

    private static IEnumerable<string> Sorted(IEnumerable<string> texts) => texts.Order(StringComparer.Ordinal);
}
