using System.Buffers;
using System.Net.Sockets;
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

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(RespSocket? socket)
    {
        var backOff = TimeSpan.FromMilliseconds(20);
        var downSince = _clock.GetTimestamp();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                socket ??= await RespSocket.OpenAsync(_options, Scripts(), _stopping.Token);
                backOff = TimeSpan.FromMilliseconds(20);
                await PumpAsync(socket);
            }
            catch (Exception failed) when (failed is RedisUnavailableException or RedisReplyException or IOException or SocketException or InvalidDataException)
            {
                if (socket is not null)
                {
                    downSince = _clock.GetTimestamp();
                    Lost(_log, _options, failed.Message);
                }

                Fail(_sent, new RedisUnavailableException($"Redis at {_options} went away: {failed.Message}", failed));
                if (_clock.GetElapsedTime(downSince) >= _options.DialTimeout)
                {
                    FailUnsent(new RedisUnavailableException($"Redis at {_options} is not reachable: {failed.Message}", failed));
                }

                await Task.Delay(backOff, _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                backOff = TimeSpan.FromMilliseconds(Math.Min(backOff.TotalMilliseconds * 2, 1000));
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }

            if (socket is not null)
            {
                await socket.DisposeAsync();
                socket = null;
            }
        }

        lock (_gate)
        {
            _closed = true;
        }

        Fail(_sent, Closed());
        FailUnsent(Closed());
    }

    private string[] Scripts()
    {
        lock (_gate)
        {
            return [.. _scripts];
        }
    }

    // Reads and writes until either side breaks, then ends the other side too and rethrows what broke first.
    private async Task PumpAsync(RespSocket socket)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var reading = ReadAsync(socket, broken.Token);
        var writing = WriteAsync(socket, broken.Token);
        var first = await Task.WhenAny(reading, writing);
        await broken.CancelAsync();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task WriteAsync(RespSocket socket, CancellationToken ct)
    {
        while (true)
        {
            ArrayBufferWriter<byte> batch;
            lock (_gate)
            {
                batch = _open;
                (_open, _spare) = (_spare, batch);
                while (_unsent.TryDequeue(out var pending))
                {
                    _sent.Enqueue(pending);
                }
            }

            if (batch.WrittenCount > 0)
            {
                try
                {
                    await socket.Stream.WriteAsync(batch.WrittenMemory, ct);
                }
                finally
                {
                    Recycle(batch);
                }
            }
            else
            {
                await _wake.Reader.ReadAsync(ct);
            }
        }
    }

    // Sent or lost, these bytes are done with. A batch may have held megabytes once; do not keep them.
    private void Recycle(ArrayBufferWriter<byte> batch)
    {
        if (batch.Capacity > 1 << 20)
        {
            _spare = new ArrayBufferWriter<byte>(4096);
        }
        else
        {
            batch.ResetWrittenCount();
        }
    }

    private async Task ReadAsync(RespSocket socket, CancellationToken ct)
    {
        while (true)
        {
            var reply = await socket.ReadAsync(ct) ?? throw new IOException("the server closed the connection");
            Pending pending;
            lock (_gate)
            {
                if (!_sent.TryPeek(out pending!))
                {
                    throw new InvalidDataException("a reply nobody asked for");
                }

                if (pending.RepliesLeft == 1)
                {
                    _sent.Dequeue();
                }
            }

            pending.Take(reply);
        }
    }

    private void Fail(Queue<Pending> queue, Exception error)
    {
        lock (_gate)
        {
            while (queue.TryDequeue(out var pending))
            {
                pending.Fail(error);
            }
        }
    }

    private void FailUnsent(Exception error)
    {
        lock (_gate)
        {
            _open.ResetWrittenCount();
            Fail(_unsent, error);
        }
    }

    private RedisUnavailableException Closed() => new($"The connection to Redis at {_options} is closed.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost the connection to Redis at {Server}: {Reason}")]
    private static partial void Lost(ILogger log, RedisOptions server, string reason);

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
