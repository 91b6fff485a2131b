using System.Net;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.Locks;

public sealed class LockTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Of_many_who_want_it_one_gets_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var sidecar = await StartAsync(redis, $"redisHost: {redis.Host}");

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            PostAsync(sidecar, "lock/locks", $$"""{"resourceId":"r","lockOwner":"{{i}}","expiryInSeconds":60}""")));

        Assert.Single(answers, answer => answer.Body.Contains("true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_away_is_an_error_and_no_success()
    {
        var redis = await RedisServer.StartAsync();
        await using var sidecar = await StartAsync(redis, $"redisHost: {redis.Host}", "dialTimeout: 200ms");
        await redis.DisposeAsync();

        var (status, body) = await PostAsync(sidecar, "lock/locks", """{"resourceId":"r","lockOwner":"a","expiryInSeconds":60}""");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("\"errorCode\":\"ERR_TRY_LOCK\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_a_replica_an_impossible_prefix_and_no_server_are_refused_at_start()
    {
        await using var redis = await RedisServer.StartAsync();
        var homeless = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(redis));
        var prefix = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(redis, $"redisHost: {redis.Host}", "keyPrefix: a||b"));
        await using var replica = ChildServer.Start(
            $"redis-server --port {ChildServer.FreePort()} --bind 127.0.0.1 --save '' --dir '{redis.Folder}' --dbfilename replica.rdb --replicaof 127.0.0.1 {redis.Port}",
            redis.Folder,
            temporary: false);

        Assert.Contains("\"redisHost\" is required", homeless.Message, StringComparison.Ordinal);
        Assert.Contains("keyPrefix", prefix.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await using var started = await StartAsync(redis, $"redisHost: {redis.Host}");
                    return false;
                }
                catch (SidecarConfigurationException refused)
                {
                    return refused.Message.Contains("replication is not supported", StringComparison.Ordinal);
                }
            },
            "the server with a replica is refused",
            TimeSpan.FromSeconds(30),
            CancellationToken.None);
    }

    private static Task<SidecarFixture> StartAsync(RedisServer redis, params string[] settings) =>
        SidecarFixture.StartAsync(SidecarFixture.Component("locks", "lock.redis", settings), new AppSettings { AppId = "app" });

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(SidecarFixture sidecar, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0-alpha1/" + path), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
