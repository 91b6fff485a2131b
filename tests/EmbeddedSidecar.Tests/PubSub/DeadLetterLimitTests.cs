using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class DeadLetterLimitTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task A_broker_has_thirty_seconds_to_take_a_dead_letter_and_then_the_message_is_done_with()
    {
        var (clock, hold) = (new HeldWaits(TimeSpan.FromSeconds(30)), new TaskCompletionSource());
        await using var app = await SubscriberApp.StartAsync();
        app.Before = _ => hold.Task;
        app.Answer = _ => (404, null);
        await using var sidecar = await SidecarFixture.StartAsync(
            clock,
            PubSubHost.Redis(redis.Host, "readTimeout: -1") + PubSubHost.Subscription("stuck", "/in", "deadLetterTopic: stuck-dead"),
            new AppSettings { AppId = "a", AppPort = app.Port });
        await sidecar.WaitUntilReadyAsync();
        var host = new PubSubHost(sidecar);

        // From here on the server takes no writes, and says nothing.
        await host.PublishAsync("stuck", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");
        await redis.AskAsync("CLIENT", "PAUSE", "600000", "WRITE");
        hold.SetResult();

        // Once because the app dropped it, and once more because it did not get there.
        await Eventually.TrueAsync(() => clock.Begun == 1, "the first try");
        clock.Pass();
        await Eventually.TrueAsync(() => clock.Begun == 2, "the second try");
        clock.Pass();
        await redis.AskAsync("CLIENT", "UNPAUSE");
        await Eventually.TrueAsync(async () => await redis.PendingAsync("stuck", "a") == 0, "given up");

        Assert.Single(app.Requests);
    }
}
