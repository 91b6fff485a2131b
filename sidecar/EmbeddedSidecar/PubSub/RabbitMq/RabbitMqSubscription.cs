using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>One topic of one app: a consumer, and after it broke the next one.</summary>
internal sealed partial class RabbitMqSubscription : IBrokerSubscription
{
    private readonly Func<CancellationToken, Task<RabbitMqConsumer>> _start;
    private readonly RabbitMqOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public RabbitMqSubscription(
        RabbitMqConsumer first, Func<CancellationToken, Task<RabbitMqConsumer>> start, RabbitMqOptions options, TimeProvider clock, ILogger log)
    {
        (_start, _options, _clock, _log) = (start, options, clock, log);
        _loop = RunAsync(first);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(RabbitMqConsumer? consumer)
    {
        // Consumers whose channel broke, while the app still has messages of theirs. Those come again through the next consumer: nobody
        // can acknowledge them any more, so what was not begun is not begun.
        var leaving = new List<Task>();
        while (!_stopping.IsCancellationRequested)
        {
            if (consumer is null)
            {
                await Task.Delay(_options.ReconnectWait, _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                consumer = await TryStartAsync();
                continue;
            }

            if (await EndOfAsync(consumer) is { } reason)
            {
                Broke(_log, reason);
                leaving.RemoveAll(one => one.IsCompleted);
                leaving.Add(consumer.DisposeAsync().AsTask());
                consumer = null;
            }
        }

        if (consumer is not null)
        {
            await consumer.DisposeAsync();
        }

        await Task.WhenAll(leaving);
    }

    // Null: the subscription stops.
    private async Task<string?> EndOfAsync(RabbitMqConsumer consumer)
    {
        try
        {
            return await consumer.Ended.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<RabbitMqConsumer?> TryStartAsync()
    {
        try
        {
            return await _start(_stopping.Token);
        }
        catch (BackendException away)
        {
            Broke(_log, away.Message);
        }
        catch (OperationCanceledException)
        {
            // Stopping, or the server did not answer in time.
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A subscription of RabbitMQ is interrupted and begins again: {Reason}")]
    private static partial void Broke(ILogger log, string reason);
}
