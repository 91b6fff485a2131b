using Eco2.Testing;
using EmbeddedSidecar.Redis;
using EmbeddedSidecar.Tests.PubSub;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EmbeddedSidecar.Tests.Redis;

public sealed class RespConnectionTests
{
    [Fact]
    public async Task Many_commands_at_once_are_each_answered_with_their_own_reply()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisFixture.ConnectAsync(server);

        var echoes = await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => redis.SendAsync("ECHO", $"#{i}")));

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"#{i}"), echoes.Select(echo => echo.Text));
    }

    [Fact]
    public async Task A_value_of_megabytes_and_a_transaction_come_back_whole()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisFixture.ConnectAsync(server);
        var big = new byte[3_000_000];
        Random.Shared.NextBytes(big);

        var done = await redis.SendTransactionAsync([["SET", "big", big], ["INCR", "n"], ["GET", "big"]]);

        Assert.Equal(1, done.Items![1].Number);
        Assert.Equal(big, done.Items[2].Bytes);
    }

    [Fact]
    public async Task A_refused_command_inside_a_transaction_says_why()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisFixture.ConnectAsync(server);

        var refused = await redis.SendTransactionAsync([["SET", "only-a-key"]]);

        Assert.Contains("wrong number of arguments", refused.Error, StringComparison.Ordinal);
        Assert.Equal("PONG", (await redis.SendAsync("PING")).Text);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_the_same_connection_goes_on_and_scripts_are_known_again()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisFixture.ConnectAsync(server);
        await redis.LoadScriptAsync("return 7", CancellationToken.None);
        await server.RestartAsync();

        RespValue? reply = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    reply = await redis.SendAsync("EVALSHA", Sha1("return 7"), 0);
                    return true;
                }
                catch (RedisUnavailableException)
                {
                    return false;
                }
            },
            "the connection answers again");

        Assert.Equal(7, reply!.Number);
    }

    [Fact]
    public async Task Closing_twice_is_closing_once_and_what_waits_is_told()
    {
        await using var server = await RedisServer.StartAsync();
        var redis = await RedisFixture.ConnectAsync(server);
        var blocked = redis.SendAsync("BLPOP", "nothing", 0);

        await Task.WhenAll(redis.DisposeAsync().AsTask(), redis.DisposeAsync().AsTask());
        await redis.DisposeAsync();

        await Assert.ThrowsAsync<RedisUnavailableException>(() => blocked);
        await Assert.ThrowsAsync<RedisUnavailableException>(() => redis.SendAsync("PING"));
    }

    [Fact]
    public async Task Nobody_listening_is_said_with_the_address()
    {
        var refused = await Assert.ThrowsAsync<RedisUnavailableException>(() => RespConnection.OpenAsync(
            new RedisOptions("127.0.0.1", 1), NullLogger.Instance, TimeProvider.System, CancellationToken.None));

        Assert.Contains("127.0.0.1:1", refused.Message, StringComparison.Ordinal);
    }

    private static string Sha1(string text) => new EmbeddedSidecar.State.RedisStateScripts.Script(text).Hash;
}
