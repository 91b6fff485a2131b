namespace EmbeddedSidecar.PubSub.InMemory;

/// <summary>One subscriber of the bus. It handles one message at a time, in the order they were published.</summary>
/// <param name="topic">A trailing * stands for any end that is not empty.</param>
internal sealed class InMemorySubscription(InMemoryBus bus, string component, string topic, string consumerId, MessageHandler handler)
    : IBrokerSubscription
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();

    public string ConsumerId => consumerId;

    public string Topic => topic;

    public bool Hears(string onComponent, string onTopic) =>
        component == onComponent
        && (topic.EndsWith('*') ? onTopic.Length >= topic.Length && onTopic.StartsWith(topic[..^1], StringComparison.Ordinal) : onTopic == topic);

    /// <summary>Begins to handle a message as soon as the one before is done, and returns then.</summary>
    public async Task TakeAsync(BrokerMessage message, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stopping.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }

        _ = HandleAsync(message);
    }

    public async ValueTask DisposeAsync()
    {
        bus.Leave(this);
        await _stopping.CancelAsync();
        await _turn.WaitAsync();
    }

    private async Task HandleAsync(BrokerMessage message)
    {
        // Whatever becomes of it, there is nothing left to do: this broker has no memory.
        await handler(message, _stopping.Token);
        _turn.Release();
    }
}
