using System.Buffers;
using System.Net.Sockets;

namespace EmbeddedSidecar.Redis;

/// <content>Connecting, sending batches, handing out replies, and doing it again after a break.</content>
internal sealed partial class RespConnection
{
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost the connection to Redis at {Server}: {Reason}")]
    private static partial void Lost(ILogger log, RedisOptions server, string reason);
}
