using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <content>Reads what is new, and first what this process was given before.</content>
internal sealed partial class RedisStreamSubscription
{
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reading stream {Topic} failed, trying again: {Reason}")]
    private static partial void ReadFailed(ILogger log, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stream {Topic} or its consumer group is gone (Redis lost data, or somebody deleted it); made anew")]
    private static partial void GroupIsGone(ILogger log, string topic);
}
