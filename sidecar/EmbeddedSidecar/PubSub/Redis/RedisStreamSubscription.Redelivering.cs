using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.PubSub.Redis;

/// <content>Takes over what others left lying.</content>
internal sealed partial class RedisStreamSubscription
{
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking for messages of stream {Topic} that nobody finished failed: {Reason}")]
    private static partial void RedeliverFailed(ILogger log, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redelivers {Count} messages of stream {Topic} that a consumer did not finish")]
    private static partial void Redelivers(ILogger log, int count, string topic);
}
