using Eco2.Testing;
using EmbeddedSidecar.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>One private Redis for the tests of a class, and a connection of our own.</summary>
public sealed class RedisFixture : TestBroker
{
    private RedisServer _server = null!;
    private RespConnection _connection = null!;

    public string Host => _server.Host;

    public override async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _connection = await ConnectAsync(_server);
    }

    public override async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    internal static Task<RespConnection> ConnectAsync(RedisServer server) => ConnectAsync(server.Port);

    internal static Task<RespConnection> ConnectAsync(int port) =>
        RespConnection.OpenAsync(new RedisOptions("127.0.0.1", port), NullLogger.Instance, TimeProvider.System, CancellationToken.None);

    internal async Task<RespValue> AskAsync(params RespArg[] words) => (await _connection.SendAsync(words)).OrThrow();

    internal override string PubSub(params string[] metadata) => PubSubHost.Redis(Host, metadata);

    internal override Task WatchAsync(string topic) => Task.CompletedTask;

    internal override async Task<IReadOnlyList<byte[]>> MessagesAsync(string topic) =>
        [.. (await AskAsync("XRANGE", topic, "-", "+")).Items!.Select(entry => entry.Items![1].Items![1].Bytes!)];

    internal override Task PutAsync(string topic, byte[] message) => AskAsync("XADD", topic, "*", "data", message);

    internal override async Task<long> PendingAsync(string topic, string group) => (await AskAsync("XPENDING", topic, group)).Items![0].Number!.Value;
}
