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
}
