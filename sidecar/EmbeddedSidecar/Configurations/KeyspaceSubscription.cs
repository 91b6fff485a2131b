using System.Buffers;
using System.Net.Sockets;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.Configurations;

/// <summary>Listens on a connection of its own to what happens to keys, and connects again when it breaks. What happened meanwhile is not heard.</summary>
internal sealed partial class KeyspaceSubscription(
    RedisOptions options, IReadOnlyList<string> keys, Func<string, CancellationToken, Task> changed, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _prefix = $"__keyspace@{options.Database}__:";
    private Task _running = Task.CompletedTask;

    public Task Ended => _ended.Task;

    /// <exception cref="RedisUnavailableException">Not reachable now.</exception>
    /// <exception cref="RedisReplyException">The server does not let us listen.</exception>
    public async Task StartAsync(CancellationToken ct) => _running = RunAsync(await ListenAsync(ct));

    public async ValueTask DisposeAsync()
    {
        // The last change may be on its way to a caller who waits for us: it is not waited for.
        await _stopping.CancelAsync();
        _ended.TrySetResult();
    }

    private async Task RunAsync(RespSocket? socket)
    {
        var ct = _stopping.Token;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                socket ??= await ListenAsync(ct);
                await ReadAsync(socket, ct);
            }
            catch (Exception broken) when (broken is RedisUnavailableException or RedisReplyException or IOException or SocketException)
            {
                Lost(log, options, broken.Message);
                await Task.Delay(_again, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // Stopping.
            }

            if (socket is not null)
            {
                await socket.DisposeAsync();
                socket = null;
            }
        }
    }

    private async Task<RespSocket> ListenAsync(CancellationToken ct)
    {
        var socket = await RespSocket.OpenAsync(options, [], ct);
        try
        {
            var command = new ArrayBufferWriter<byte>();
            RespArg[] words = keys.Count == 0 ? ["PSUBSCRIBE", _prefix + "*"] : ["SUBSCRIBE", .. keys.Select(key => (RespArg)(_prefix + key))];
            RespArg.WriteCommand(command, words);
            await socket.Stream.WriteAsync(command.WrittenMemory, ct);
            for (var confirmed = 1; confirmed < words.Length; confirmed++)
            {
                (await socket.ReadAsync(ct) ?? throw new RedisUnavailableException($"Redis at {options} closed the connection.")).OrThrow();
            }

            return socket;
        }
        catch
        {
            await socket.DisposeAsync();
            throw;
        }
    }

    private async Task ReadAsync(RespSocket socket, CancellationToken ct)
    {
        while (true)
        {
            var event_ = await socket.ReadAsync(ct) ?? throw new IOException("the server closed the connection");
            var channel = event_.Items is [{ Text: "message" }, var exact, _] ? exact.Text
                : event_.Items is [{ Text: "pmessage" }, _, var matched, _] ? matched.Text
                : null;
            if (channel?.StartsWith(_prefix, StringComparison.Ordinal) == true)
            {
                await TellAsync(channel[_prefix.Length..], ct);
            }
        }
    }

    private async Task TellAsync(string key, CancellationToken ct)
    {
        try
        {
            await changed(key, ct);
        }
#pragma warning disable CA1031 // One change that cannot be told must not end those that follow.
        catch (Exception failed) when (!ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            NotTold(log, failed, key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Configuration changes on Redis at {Server} are not heard for now: {Reason}")]
    private static partial void Lost(ILogger log, RedisOptions server, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The change of configuration key {Key} could not be told")]
    private static partial void NotTold(ILogger log, Exception error, string key);
}
