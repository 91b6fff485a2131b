namespace EmbeddedSidecar.Scheduling;

/// <summary>Bringing what is due, and noting that it was brought.</summary>
internal sealed partial class Scheduler
{
    // One delivery of one entry at a time: the next is armed when this one is over.
    private async Task TriggerAsync(Item item)
    {
        await _deliveries.WaitAsync(_stopping.Token);
        try
        {
            if (item.IsRemoved)
            {
                return;
            }

            var wakes = Volatile.Read(ref _wakes);
            var began = _clock.GetUtcNow();
            var outcome = ScheduleRules.Next(item.Entry) is null ? TriggerOutcome.Cancelled : await DeliverAsync(item.Entry);
            if (outcome == TriggerOutcome.Undeliverable)
            {
                item.Stage();
                if (Volatile.Read(ref _wakes) != wakes && item.TryUnstage())
                {
                    Run(() => TriggerAsync(item));
                }

                return;
            }

            await SettleAsync(item, outcome, began);
        }
        finally
        {
            _deliveries.Release();
        }
    }

    private async Task<TriggerOutcome> DeliverAsync(ScheduleEntry entry)
    {
        try
        {
            return _receivers.TryGetValue(entry.Kind, out var receiver) ? await receiver(entry, _stopping.Token) : TriggerOutcome.Undeliverable;
        }
        catch (Exception failed) when (!(failed is OperationCanceledException && _stopping.IsCancellationRequested))
        {
            NotDelivered(_log, failed, entry.Kind, entry.Name, _appId);
            return TriggerOutcome.Failed;
        }
    }

    private async Task SettleAsync(Item item, TriggerOutcome outcome, DateTimeOffset began)
    {
        while (true)
        {
            try
            {
                using var writing = await WriteAsync(item.Entry.Key, _stopping.Token);
                if (item.IsRemoved)
                {
                    // Overwritten or deleted meanwhile: the new one has its own count.
                    return;
                }

                var forward = outcome switch
                {
                    TriggerOutcome.Success => ScheduleRules.Succeeded(item.Entry),
                    TriggerOutcome.Failed => ScheduleRules.Failed(item.Entry, item.At > began ? item.At : began),
                    _ => null,
                };
                if (forward is not { } next)
                {
                    await RemoveAsync(item, _stopping.Token);
                    return;
                }

                await _store.PutAsync(item.Slot, next.Entry, _stopping.Token);
                item.Entry = next.Entry;
                Arm(item, next.At);
                return;
            }
            catch (Exception failed) when (!(failed is OperationCanceledException && _stopping.IsCancellationRequested))
            {
                // Delivered but not noted: try to note it, or it comes once more after the next start.
                NotNoted(_log, failed, item.Entry.Kind, item.Entry.Name, _appId);
                await Task.Delay(RetryDelay, _clock, _stopping.Token);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Name} of app {AppId} could not be delivered")]
    private static partial void NotDelivered(ILogger log, Exception error, ScheduleKind kind, string name, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Name} of app {AppId} was delivered, but that could not be stored; trying again")]
    private static partial void NotNoted(ILogger log, Exception error, ScheduleKind kind, string name, string appId);
}
