using EmbeddedSidecar.Components;
using EmbeddedSidecar.Redis;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>Settings of pubsub.redis that say how to reach the server, and those that stop the start.</summary>
public sealed class RedisSettingsTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task The_port_may_stand_apart_and_no_time_to_connect_is_the_usual_one()
    {
        var (host, port) = (redis.Host.Split(':')[0], redis.Host.Split(':')[1]);
        await using var apart = await PubSubHost.StartAsync(PubSubHost.Redis(host, $"redisPort: {port}", "dialTimeout: 0"), ("a", null));
        using var answer = await apart.PublishAsync("apart", "1");

        Assert.Equal(204, (int)answer.StatusCode);
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

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData(null, "6380")]
    public void Without_a_host_it_is_the_usual_port_of_this_machine(string? host, string? port)
    {
        var metadata = new Dictionary<string, string> { ["redisHost"] = host!, ["redisPort"] = port! }.Where(entry => entry.Value is not null).ToDictionary();

        var options = RedisOptions.From(new ComponentMetadata(new ComponentSpec("pubsub", "pubsub.redis", "v1", "file", metadata)));

        Assert.Equal("localhost:6379", options.ToString());
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
}
