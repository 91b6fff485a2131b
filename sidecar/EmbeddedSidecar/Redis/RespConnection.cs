using System.Buffers;
using System.Threading.Channels;

namespace EmbeddedSidecar.Redis;

/// <summary>
/// A connection to one Redis server that all callers share: commands are written in the order of the calls and answered in that
/// order, many in one packet. It reconnects by itself.
/// </summary>
/// <remarks>
/// 1. A caller writes its command into the open batch and queues for the reply, both under one lock.
/// 2. The writer takes the whole batch and sends it; while it sends, the next batch fills. So load makes packets larger, not more.
/// 3. The reader hands each reply to the first in the queue.
/// 4. When the connection breaks, what was sent fails (it may have run); what was not sent goes out on the next connection, unless
///    that takes longer than the dial timeout.
/// </remarks>
internal sealed partial class RespConnection : IAsyncDisposable
{
    private readonly RedisOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();

    // Guarded by _gate. _open holds the bytes of exactly the commands in _unsent.
    private readonly Queue<Pending> _unsent = new();
    private readonly Queue<Pending> _sent = new();
    private readonly List<string> _scripts = [];
    private ArrayBufferWriter<byte> _open = new(4096);
    private ArrayBufferWriter<byte> _spare = new(4096);
    private bool _closed;
    private bool _disposed;
    private Task _running = Task.CompletedTask;

    private RespConnection(RedisOptions options, ILogger log, TimeProvider clock) => (_options, _log, _clock) = (options, log, clock);

    /// <summary>Connects, and keeps connected until disposed.</summary>
    /// <exception cref="RedisUnavailableException">The first attempt failed.</exception>
    /// <exception cref="RedisReplyException">The server refused the password or the database.</exception>
    public static async Task<RespConnection> OpenAsync(RedisOptions options, ILogger log, TimeProvider clock, CancellationToken ct)
    {
        var connection = new RespConnection(options, log, clock);
        var first = await RespSocket.OpenAsync(options, [], ct);
        connection._running = connection.RunAsync(first);
        return connection;
    }

    /// <summary>Sends one command. The words are copied before this returns.</summary>
    /// <returns>The reply, which may be an error: see <see cref="RespValue.OrThrow"/>.</returns>
    public Task<RespValue> SendAsync(params ReadOnlySpan<RespArg> words)
    {
        var pending = new Pending(1);
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<RespValue>(Closed());
            }

            RespArg.WriteCommand(_open, words);
            _unsent.Enqueue(pending);
        }

        _wake.Writer.TryWrite(true);
        return pending.Task;
    }

    /// <summary>Sends several commands as MULTI ... EXEC in one piece: no other command comes between, one sync to disk for all.</summary>
    /// <returns>The reply of EXEC: an array with one reply for each command, each of which may be an error.</returns>
    public Task<RespValue> SendTransactionAsync(IReadOnlyList<RespArg[]> commands)
    {
        // OK for MULTI, QUEUED for each command, then the reply that counts.
        var pending = new Pending(commands.Count + 2);
        lock (_gate)
        {
            if (_closed)
            {
                return Task.FromException<RespValue>(Closed());
            }

            RespArg.WriteCommand(_open, ["MULTI"]);
            foreach (var command in commands)
            {
                RespArg.WriteCommand(_open, command);
            }

            RespArg.WriteCommand(_open, ["EXEC"]);
            _unsent.Enqueue(pending);
        }

        _wake.Writer.TryWrite(true);
        return pending.Task;
    }

    /// <summary>Makes a Lua script known to the server, now and after each reconnect, so that EVALSHA finds it.</summary>
    public async Task LoadScriptAsync(string script, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_scripts.Contains(script))
            {
                return;
            }

            _scripts.Add(script);
        }

        (await SendAsync("SCRIPT", "LOAD", script).WaitAsync(ct)).OrThrow();
    }

    /// <summary>How many replicas the server has now.</summary>
    public async Task<int> ReplicasAsync(CancellationToken ct)
    {
        const string name = "connected_slaves:";
        var info = (await SendAsync("INFO", "replication").WaitAsync(ct)).OrThrow();
        var line = info.Text?.Split("\r\n").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return int.TryParse(line?[name.Length..], out var count) ? count : 0;
    }

    /// <summary>Closes the connection and fails what waits for an answer. May be called again, and from two places at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            await _running;
            return;
        }

        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private RedisUnavailableException Closed() => new($"The connection to Redis at {_options} is closed.");

    private sealed class Pending(int replies)
    {
        private readonly TaskCompletionSource<RespValue> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Only the reader counts down; the first error of a queued command explains why EXEC will refuse.
        private RespValue? _refused;

        public Task<RespValue> Task => _done.Task;

        public int RepliesLeft { get; private set; } = replies;

        public void Take(RespValue reply)
        {
            if (--RepliesLeft == 0)
            {
                _done.TrySetResult(_refused ?? reply);
            }
            else if (reply.Error is not null)
            {
                _refused ??= reply;
            }
        }

        public void Fail(Exception error) => _done.TrySetException(error);
    }
}
