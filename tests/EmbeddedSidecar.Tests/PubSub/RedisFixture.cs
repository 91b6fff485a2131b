using Eco2.Testing;
using EmbeddedSidecar.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>One private Redis for the tests of a class, and a connection to look behind the sidecar's back. Topics are the test's own.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private RedisServer _server = null!;
    private RespConnection _connection = null!;

    public string Host => _server.Host;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _connection = await ConnectAsync(_server);
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    internal static Task<RespConnection> ConnectAsync(RedisServer server) =>
        RespConnection.OpenAsync(new RedisOptions("127.0.0.1", server.Port), NullLogger.Instance, TimeProvider.System, CancellationToken.None);

    internal async Task<RespValue> AskAsync(params RespArg[] words) => (await _connection.SendAsync(words)).OrThrow();

    /// <summary>How many entries of a group were given out and not acknowledged.</summary>
    internal async Task<long> PendingAsync(string topic, string group) => (await AskAsync("XPENDING", topic, group)).Items![0].Number!.Value;
}
