using System.Net;
using System.Net.Sockets;
using System.Text;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisRestartTests
{
    [Fact]
    public async Task A_redis_that_is_killed_and_restarted_loses_no_accepted_message()
    {
        await using var redis = await RedisServer.StartAsync(durable: true);
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "processingTimeout: 1s", "redeliverInterval: 200")
            + PubSubHost.Retries(-1)
            + PubSubHost.Subscription("t", "/in", "bulkSubscribe: { enabled: true, maxMessagesCount: 20, maxAwaitDurationMs: 5 }"),
            ("a", app));
        app.Answer = received => (200, BulkAnswers.All(received, "SUCCESS"));
        var accepted = new List<string>();

        for (var i = 0; i < 200; i++)
        {
            if (i == 100)
            {
                // In the middle of traffic, and while some are being handled.
                var restarting = redis.RestartAsync();
                using var during = await host.PublishAsync("t", $"{i}");
                if (during.IsSuccessStatusCode)
                {
                    accepted.Add($"{i}");
                }

                await restarting;
                continue;
            }

            using var answer = await host.PublishAsync("t", $"{i}");
            if (answer.IsSuccessStatusCode)
            {
                accepted.Add($"{i}");
            }
        }

        await Eventually.TrueAsync(() => !accepted.Except(app.DataOn("/in")).Any(), "every accepted message");
        Assert.InRange(accepted.Count, 199, 200);
        await using var look = await RedisFixture.ConnectAsync(redis);
        await Eventually.TrueAsync(async () => (await look.SendAsync("XPENDING", "t", "a")).Items![0].Number == 0, "all acknowledged");
    }

    [Fact]
    public async Task What_is_sent_while_redis_reads_its_data_waits_until_it_has_read_them()
    {
        await using var redis = await RedisServer.StartAsync(durable: true);
        await using (var fill = await RedisFixture.ConnectAsync(redis))
        {
            await Task.WhenAll(Enumerable.Range(0, 6000).Select(i => fill.SendAsync("SET", $"key{i}", "x")));
        }

        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Subscription("t", "/in"), ("a", app));
        // It answers others after each 1024 commands.
        await redis.RestartAsync(loadDelay: 200);
        Assert.True(await IsLoadingAsync(redis), "it still reads");

        using var answer = await host.PublishAsync("t", "1");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.False(await IsLoadingAsync(redis), "it has read");
        await Eventually.TrueAsync(() => app.DataOn("/in").Contains("1"), "delivery");
    }

    [Fact]
    public async Task An_app_and_redis_that_restart_together_find_each_other_again()
    {
        await using var redis = await RedisServer.StartAsync(durable: true);
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            PubSubHost.Redis(redis.Host, "dialTimeout: 200ms") + PubSubHost.Subscription("t", "/in"), ("a", app));
        await app.DownAsync();
        await redis.RestartAsync();

        await app.UpAsync();
        using var answer = await host.PublishAsync("t", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        Assert.Equal("1", app.Requests.Single().Data);
    }

    private static async Task<bool> IsLoadingAsync(RedisServer redis)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, redis.Port);
        await socket.GetStream().WriteAsync("PING\r\n"u8.ToArray());
        var answer = new byte[64];
        var length = await socket.GetStream().ReadAsync(answer);
        return Encoding.ASCII.GetString(answer, 0, length).StartsWith("-LOADING", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redis_that_is_away_is_503_to_the_policy_of_a_publish()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, "dialTimeout: 200ms") + PubSubHost.Retries(-1, matching: "httpStatusCodes: \"429\""), ("a", null));
        await redis.StopAsync();

        using var answer = await host.PublishAsync("t", "1").WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }
}
