using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RabbitMqRestartTests
{
    [Fact]
    public async Task A_rabbitmq_that_is_killed_and_restarted_loses_no_accepted_message()
    {
        await using var rabbitMq = await RabbitMqServer.StartAsync();
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.RabbitMq(rabbitMq.Url, "deletedWhenUnused: false", "deliveryMode: 2", "publisherConfirm: true", "prefetchCount: 20", "reconnectWaitSeconds: 100ms")
            + PubSubHost.Retries(-1)
            + PubSubHost.Subscription("t", "/in", "bulkSubscribe: { enabled: true, maxMessagesCount: 20, maxAwaitDurationMs: 5 }"),
            ("a", app));
        app.Answer = received => (200, BulkAnswers.All(received, "SUCCESS"));
        var accepted = new List<string>();

        for (var i = 0; i < 200; i++)
        {
            // In the middle of traffic, and while some are being handled.
            var restarting = i == 100 ? rabbitMq.RestartAsync() : Task.CompletedTask;
            using var answer = await host.PublishAsync("t", $"{i}");
            if (answer.IsSuccessStatusCode)
            {
                accepted.Add($"{i}");
            }

            await restarting;
        }

        await Eventually.TrueAsync(() => !accepted.Except(app.DataOn("/in")).Any(), "every accepted message");
        Assert.InRange(accepted.Count, 199, 200);
        await Eventually.TrueAsync(async () => await rabbitMq.MessagesAsync("a-t") == 0, "all acknowledged");
    }
}
