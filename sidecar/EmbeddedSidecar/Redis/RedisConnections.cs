namespace EmbeddedSidecar.Redis;

/// <summary>The shared connections of one sidecar process: components that name the same server and user share one.</summary>
/// <remarks>Sharing is what lets writes of many apps fall into one packet and one sync to disk.</remarks>
internal sealed class RedisConnections(ILoggerFactory logs, TimeProvider clock) : IAsyncDisposable
{
    private readonly Dictionary<(RedisOptions, string), Task<RespConnection>> _open = [];
    private readonly ILogger _log = logs.CreateLogger<RespConnection>();
    private readonly Lock _gate = new();

    /// <summary>The shared connection for this server; nobody but this class disposes it.</summary>
    /// <param name="lane">Callers of one lane share a connection: keeps, say, bulky messages out of the way of state.</param>
    public async Task<RespConnection> SharedAsync(RedisOptions options, string lane, CancellationToken ct)
    {
        Task<RespConnection> opening;
        lock (_gate)
        {
            if (!_open.TryGetValue((options, lane), out opening!) || opening.IsFaulted || opening.IsCanceled)
            {
                opening = RespConnection.OpenAsync(options, _log, clock, ct);
                _open[(options, lane)] = opening;
            }
        }

        return await opening;
    }

    /// <summary>A connection of one's own, for commands that block (XREADGROUP BLOCK). The caller disposes it.</summary>
    public Task<RespConnection> DedicatedAsync(RedisOptions options, CancellationToken ct) =>
        RespConnection.OpenAsync(options, _log, clock, ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var opening in _open.Values)
        {
            if (opening.IsCompletedSuccessfully)
            {
                await (await opening).DisposeAsync();
            }
        }
    }
}
