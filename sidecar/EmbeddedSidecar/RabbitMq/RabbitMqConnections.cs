using System.Net.Sockets;
using EmbeddedSidecar.Components;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EmbeddedSidecar.RabbitMq;

/// <summary>The connections of one sidecar process to RabbitMQ: components that name the same server and user share them.</summary>
/// <remarks>One to publish and one to consume: a server short of memory or disk stops reading from who publishes, and acknowledgements must pass.</remarks>
internal sealed class RabbitMqConnections : IAsyncDisposable
{
    private readonly Dictionary<(RabbitMqServer, string), RabbitMqConnection> _known = [];
    private readonly Lock _gate = new();

    public RabbitMqConnection ToPublish(RabbitMqServer server) => Get(server, "publish");

    public RabbitMqConnection ToConsume(RabbitMqServer server) => Get(server, "consume");

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _known.Values)
        {
            await connection.DisposeAsync();
        }
    }

    private RabbitMqConnection Get(RabbitMqServer server, string use)
    {
        lock (_gate)
        {
            return _known.TryGetValue((server, use), out var known) ? known : _known[(server, use)] = new RabbitMqConnection(server);
        }
    }
}

/// <summary>A connection that is opened when it is needed and opened again after it broke.</summary>
internal sealed class RabbitMqConnection(RabbitMqServer server) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>A channel of one's own; the caller disposes it.</summary>
    /// <exception cref="BackendException">The server cannot be reached, or refuses us.</exception>
    public async Task<IChannel> OpenChannelAsync(CreateChannelOptions options, CancellationToken ct)
    {
        try
        {
            return await (await OpenAsync(ct)).CreateChannelAsync(options, ct);
        }
        catch (Exception failed) when (IsFailure(failed, ct))
        {
            throw Failed(failed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            await CloseAsync(connection);
        }

        _opening.Dispose();
    }

    /// <summary>What the client throws when the server is away or says no; everything else is a bug and rises.</summary>
    public static bool IsFailure(Exception failure) =>
        failure is RabbitMQClientException or IOException or SocketException or TimeoutException or ObjectDisposedException;

    /// <summary>The same for a call that we can cancel: the client also cancels what takes the server too long.</summary>
    public static bool IsFailure(Exception failure, CancellationToken ct) =>
        IsFailure(failure) || (failure is OperationCanceledException && !ct.IsCancellationRequested);

    public BackendException Failed(Exception failure)
    {
        // The first sentence of the client says that no endpoint was reachable; the inner one says why.
        var why = failure is BrokerUnreachableException { InnerException: { } inner } ? (inner as AggregateException)?.InnerExceptions[0] ?? inner : failure;
        return new BackendException($"RabbitMQ at {server}: {why.Message}", failure);
    }

    private async Task<IConnection> OpenAsync(CancellationToken ct)
    {
        if (_connection is { IsOpen: true } open)
        {
            return open;
        }

        await _opening.WaitAsync(ct);
        try
        {
            if (_connection is { IsOpen: true } opened)
            {
                return opened;
            }

            if (_connection is { } broken)
            {
                _connection = null;
                await CloseAsync(broken);
            }

            return _connection = await server.Factory().CreateConnectionAsync(ct);
        }
        finally
        {
            _opening.Release();
        }
    }

    private static async Task CloseAsync(IConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception alreadyGone) when (IsFailure(alreadyGone) || alreadyGone is OperationCanceledException)
        {
            // It broke before.
        }
    }
}
