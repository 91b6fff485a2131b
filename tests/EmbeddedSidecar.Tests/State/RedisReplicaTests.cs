using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

public sealed class RedisReplicaTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task A_write_that_says_strong_waits_for_the_replicas_and_no_other_does()
    {
        await using var server = await RedisServer.StartAsync();
        var port = ChildServer.FreePort();
        await using var replica = ChildServer.Start(
            $"redis-server --port {port} --bind 127.0.0.1 --save '' --dir '{server.Folder}' --dbfilename replica.rdb --replicaof 127.0.0.1 {server.Port}",
            server.Folder,
            temporary: false);
        await using var redis = await RedisFixture.ConnectAsync(server);
        await Eventually.TrueAsync(async () => (await redis.SendAsync("INFO", "replication")).Text!.Contains("state=online", StringComparison.Ordinal), "the replica follows");
        await using var sidecar = await SidecarFixture.StartAsync(SidecarFixture.Component("redis", "state.redis", $"redisHost: {server.Host}"), new AppSettings { AppId = "one" });

        await sidecar["one"].SaveAsync("redis", """[{"key":"k","value":1},{"key":"k","value":2,"options":{"consistency":"eventual"}}]""");
        await sidecar["one"].SaveAsync("redis", """{"operations":[{"operation":"upsert","request":{"key":"k","value":3,"options":{"consistency":"strong"}}}]}""", "/transaction");
        using var deleted = await Http.DeleteAsync(sidecar["one"].StateUrl("redis", "k?consistency=strong"));
        var before = (await redis.SendAsync("INFO", "commandstats")).Text!;
        await sidecar["one"].SaveAsync("redis", """[{"key":"k","value":4,"options":{"consistency":"strong"}}]""");

        await using var copy = await RedisFixture.ConnectAsync(port);
        Assert.Equal("4", (await copy.SendAsync("HGET", "one||k", "data")).Text);
        Assert.DoesNotContain("cmdstat_wait:", before, StringComparison.Ordinal);
        Assert.Contains("cmdstat_wait:calls=1,", (await redis.SendAsync("INFO", "commandstats")).Text!, StringComparison.Ordinal);
    }
}
