using Eco2.Testing;
using EmbeddedSidecar.PubSub;
using EmbeddedSidecar.PubSub.InMemory;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class InMemoryTests
{
    [Fact]
    public async Task Apps_of_one_process_hear_each_other_and_replicas_share()
    {
        await using var first = await SubscriberApp.StartAsync();
        await using var second = await SubscriberApp.StartAsync();
        await using var other = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.InMemory + PubSubHost.Subscription("t", "/in", scopes: "a, b"), ("a", first), ("a", second), ("b", other), ("c", null));

        for (var i = 0; i < 10; i++)
        {
            await host.PublishAsync("t", $"{i}", app: 3);
        }

        await Eventually.TrueAsync(() => first.Requests.Count + second.Requests.Count == 10 && other.Requests.Count == 10, "all");
        Assert.Equal(5, first.Requests.Count);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), other.DataOn("/in"));
    }

    [Fact]
    public async Task A_topic_with_a_star_hears_all_that_begin_so()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"orders*","route":"/in"}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("a", app));

        await host.PublishAsync("other", "1");
        await host.PublishAsync("orders", "1");
        await host.PublishAsync("orders.new", "2");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Equal(["2"], app.DataOn("/in"));
        using var http = new HttpClient { BaseAddress = host.Host.Apps[0].HttpEndpoint };
        Assert.Contains("\"capabilities\":[\"SUBSCRIBE_WILDCARDS\"]", await http.GetStringAsync("/v1.0/metadata"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publish_waits_while_the_message_before_it_is_handled()
    {
        var hold = new TaskCompletionSource<Handled>();
        var bus = new InMemoryBus();
        await using var subscription = new InMemorySubscription(bus, "pubsub", "t", "a", (_, _) => new ValueTask<Handled>(hold.Task));
        var message = new BrokerMessage("t", new byte[1], new Dictionary<string, string>());

        await subscription.TakeAsync(message, CancellationToken.None);
        var second = subscription.TakeAsync(message, CancellationToken.None);
        Assert.False(second.IsCompleted);
        hold.SetResult(Handled.Done);

        await second;
    }

    [Fact]
    public async Task A_message_nobody_took_is_lost()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        app.Answer = one => (one.Data == "1" ? 500 : 200, null);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("a", app));

        await host.PublishAsync("t", "1");
        await host.PublishAsync("t", "2");
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "both");

        Assert.Equal(["1", "2"], app.DataOn("/in"));
    }
}
