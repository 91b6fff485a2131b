using System.Text;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>How many messages an app has at once, and what becomes of those that it does not take.</summary>
public sealed class RabbitMqConsumingTests(RabbitMqFixture rabbitMq) : IClassFixture<RabbitMqFixture>
{
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
    public async Task What_is_no_event_is_refused_in_a_batch_too()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            rabbitMq.PubSub("enableDeadLetter: true") + PubSubHost.Subscription("oddbulk", "/in", "bulkSubscribe: { enabled: true, maxAwaitDurationMs: 5 }"), ("a", app));

        await rabbitMq.PutAsync("oddbulk", "not json"u8.ToArray());

        await Eventually.TrueAsync(async () => await rabbitMq.Server.MessagesAsync("dlq-a-oddbulk") == 1, "in the dead letter queue");
        Assert.Empty(app.Requests);
    }
}
