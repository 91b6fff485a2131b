using System.Collections.Concurrent;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <summary>One topic of one app: reads new entries, takes over what others left lying, hands both to the app, and acknowledges.</summary>
/// <remarks>
/// 1. The reader blocks on a connection of its own and begins no read before all of the last one was begun by the app, so at most
///    queueDepth entries wait here and no other consumer is kept from them for long.
/// 2. An entry is held from the moment it is seen until Redis knows that it is done. What is held is not begun twice, however it
///    comes: by a read, by a claim, or by reading one's own list again after a broken connection.
/// 3. Acknowledgements are gathered while the last ones travel. If Redis is away they wait.
/// 4. Stopping gives back what the app did not finish: it is marked as idle for long, and the next who looks has it at once.
/// </remarks>
internal sealed partial class RedisStreamSubscription : IBrokerSubscription
{
    private static readonly TimeSpan _longestBlock = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _unblockLimit = TimeSpan.FromSeconds(1);

    private readonly RedisConsumerGroup _group;
    private readonly RespConnection _reader;
    private readonly SemaphoreSlim _slots;
    private readonly MessageHandler _handler;
    private readonly RedisStreamsOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly RedisAcknowledgements _acknowledgements;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, bool> _held = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _returned = new();
    private readonly RunningHandlers _running = new();
    private readonly Task _loops;
    private long _readerId;

    public RedisStreamSubscription(
        RedisConsumerGroup group, RespConnection reader, SemaphoreSlim slots, MessageHandler handler,
        RedisStreamsOptions options, TimeProvider clock, ILogger log)
    {
        (_group, _reader, _slots, _handler, _options, _clock, _log) = (group, reader, slots, handler, options, clock, log);
        _acknowledgements = new RedisAcknowledgements(group, id => _held.TryRemove(id, out _), clock, log);
        _loops = Task.WhenAll(ReadAsync(), options.Redelivers ? RedeliverAsync() : Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await WakeReaderAsync();
        await _loops;
        await _running.AllDoneAsync();
        await _acknowledgements.DisposeAsync();
        await GiveBackAsync();
        await _reader.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ReadAsync()
    {
        // Begin with what this process was given before: a subscription that ended, or a reply that got lost with its connection.
        var rereadOwn = true;
        var backOff = TimeSpan.Zero;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (rereadOwn)
                {
                    await ReadOwnAsync();
                    rereadOwn = false;
                }

                // Asked each time because it changes with the connection; both commands travel in one packet.
                var readerId = _reader.SendAsync("CLIENT", "ID");
                var reading = _group.ReadNewAsync(_reader, _longestBlock);
                Volatile.Write(ref _readerId, (await readerId).Number ?? 0);
                await BeginAsync(await reading);
                backOff = TimeSpan.Zero;
            }
            catch (Exception failed) when (failed is RedisUnavailableException or RedisReplyException)
            {
                if (_stopping.IsCancellationRequested)
                {
                    break;
                }

                ReadFailed(_log, _group.Topic, failed.Message);
                rereadOwn = true;
                backOff = TimeSpan.FromMilliseconds(Math.Clamp(backOff.TotalMilliseconds * 2, 50, 1000));
                await Task.Delay(backOff, _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (failed.Message.StartsWith("NOGROUP", StringComparison.Ordinal))
                {
                    await RecreateAsync();
                }
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
        }
    }

    private async Task ReadOwnAsync()
    {
        var after = "0";
        while (await _group.ReadOwnAsync(after, _stopping.Token) is { Count: > 0 } own)
        {
            await BeginAsync(own);
            after = own[^1].Id;
        }
    }

    private async Task RedeliverAsync()
    {
        using var timer = new PeriodicTimer(_options.RedeliverInterval, _clock);
        try
        {
            do
            {
                try
                {
                    await RedeliverOnceAsync();
                }
                catch (Exception failed) when (failed is RedisUnavailableException or RedisReplyException)
                {
                    RedeliverFailed(_log, _group.Topic, failed.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task RedeliverOnceAsync()
    {
        var from = "-";
        while (await _group.PendingAsync(from, _stopping.Token) is { Count: > 0 } pending)
        {
            var idle = pending.Where(one => one.Idle >= _options.ProcessingTimeout && !_held.ContainsKey(one.Id)).Select(one => one.Id).ToList();
            if (idle.Count > 0)
            {
                var claimed = await _group.ClaimAsync(idle, _stopping.Token);
                if (claimed.Count > 0)
                {
                    Redelivers(_log, claimed.Count, _group.Topic);
                    await BeginAsync(claimed);
                }

                // Neither ours nor there: a trimmed stream leaves reminders of entries that nobody can ever read again.
                foreach (var id in idle.Except(claimed.Select(entry => entry.Id)))
                {
                    if (await _group.IsTrimmedAsync(id, _stopping.Token))
                    {
                        _acknowledgements.Add(id);
                    }
                }
            }

            from = RedisConsumerGroup.After(pending[^1].Id);
        }
    }

    // Returns when the app has begun the last of them.
    private async ValueTask BeginAsync(IReadOnlyList<StreamEntry> entries)
    {
        foreach (var (id, message) in entries)
        {
            if (!_held.TryAdd(id, true))
            {
                continue;
            }

            if (message is null)
            {
                _acknowledgements.Add(id);
                continue;
            }

            if (!await TryTakeSlotAsync())
            {
                _returned.Enqueue(id);
                continue;
            }

            _running.Enter();
            _ = HandleAsync(id, message);
        }
    }

    private async ValueTask<bool> TryTakeSlotAsync()
    {
        try
        {
            if (!_stopping.IsCancellationRequested)
            {
                await _slots.WaitAsync(_stopping.Token);
                return true;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping while all slots were taken.
        }

        return false;
    }

    private async Task HandleAsync(string id, BrokerMessage message)
    {
        var began = _clock.GetTimestamp();
        var handled = await _handler(message, _stopping.Token);
        _slots.Release();
        switch (handled)
        {
            case Handled.Abandoned:
                _returned.Enqueue(id);
                break;

            // Dapr gives up a failed message, unless it took so long that it counts as never handled.
            case Handled.Failed when _options.Redelivers && _clock.GetElapsedTime(began) > _options.ProcessingTimeout:
                _held.TryRemove(id, out _);
                break;

            default:
                _acknowledgements.Add(id);
                break;
        }

        _running.Leave();
    }

    private async Task RecreateAsync()
    {
        try
        {
            GroupIsGone(_log, _group.Topic);
            await _group.CreateAsync(_stopping.Token);
        }
        catch (Exception failed) when (failed is RedisUnavailableException or RedisReplyException or OperationCanceledException)
        {
            ReadFailed(_log, _group.Topic, failed.Message);
        }
    }

    // A read is not cut off but woken: Redis might just be sending entries, which nobody would then get before the processing timeout.
    // More than once, because the reader may be about to block again when the first call comes.
    private async Task WakeReaderAsync()
    {
        var began = _clock.GetTimestamp();
        while (!_loops.IsCompleted)
        {
            if (_clock.GetElapsedTime(began) > _unblockLimit)
            {
                await _reader.DisposeAsync();
                return;
            }

            try
            {
                using var limit = new CancellationTokenSource(_unblockLimit, _clock);
                await _group.UnblockAsync(Volatile.Read(ref _readerId), limit.Token);
            }
            catch (Exception away) when (away is RedisUnavailableException or OperationCanceledException)
            {
                await _reader.DisposeAsync();
                return;
            }

            await Task.WhenAny(_loops, Task.Delay(TimeSpan.FromMilliseconds(20), _clock));
        }
    }

    private async Task GiveBackAsync()
    {
        if (_returned.IsEmpty)
        {
            return;
        }

        using var limit = new CancellationTokenSource(_unblockLimit, _clock);
        try
        {
            await _group.GiveBackAsync([.. _returned], limit.Token);
        }
        catch (Exception away) when (away is RedisUnavailableException or RedisReplyException or OperationCanceledException)
        {
            // They are redelivered after the processing timeout.
            ReadFailed(_log, _group.Topic, away.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reading stream {Topic} failed, trying again: {Reason}")]
    private static partial void ReadFailed(ILogger log, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for messages of stream {Topic} that nobody finished failed: {Reason}")]
    private static partial void RedeliverFailed(ILogger log, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redelivers {Count} messages of stream {Topic} that a consumer did not finish")]
    private static partial void Redelivers(ILogger log, int count, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stream {Topic} or its consumer group is gone (Redis lost data, or somebody deleted it); made anew")]
    private static partial void GroupIsGone(ILogger log, string topic);
}
