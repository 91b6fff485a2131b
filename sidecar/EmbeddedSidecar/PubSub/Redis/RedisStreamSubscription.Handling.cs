namespace EmbeddedSidecar.PubSub.Redis;

/// <content>Hands entries to the app.</content>
internal sealed partial class RedisStreamSubscription
{
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
}
