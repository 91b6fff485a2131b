using System.Threading.Channels;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>
/// Gathers single messages into batches: one is brought when it is full, or when its first message has waited long enough. The next
/// batch follows when the first attempt of the last one is made, so batches reach a healthy app in their order.
/// </summary>
internal sealed class Batcher
{
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>();
    private readonly BatchDelivery _delivery;
    private readonly BulkSpec _size;
    private readonly TimeProvider _clock;
    private readonly Task _loop;

    public Batcher(BatchDelivery delivery, BulkSpec size, TimeProvider clock)
    {
        (_delivery, _size, _clock) = (delivery, size, clock);
        _loop = RunAsync();
    }

    public async ValueTask<Handled> HandleAsync(BrokerMessage message, CancellationToken stopping)
    {
        var waiting = new Waiting(message, stopping);
        _waiting.Writer.TryWrite(waiting);
        return await waiting.Handled.Task;
    }

    /// <summary>Call when no message is left in it.</summary>
    public Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        return _loop;
    }

    private async Task RunAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            var batch = await GatherAsync();
            var tried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = DeliverAsync(batch, tried);
            await tried.Task;
        }
    }

    private async Task<List<Waiting>> GatherAsync()
    {
        var batch = new List<Waiting>(_size.MaxMessages);
        Take(batch);
        if (batch.Count == _size.MaxMessages)
        {
            return batch;
        }

        // A stop does not wait for more.
        var full = Task.Delay(TimeSpan.FromMilliseconds(_size.MaxAwaitMilliseconds), _clock, batch[0].Stopping);
        while (batch.Count < _size.MaxMessages && !full.IsCompleted)
        {
            var more = _waiting.Reader.WaitToReadAsync().AsTask();
            await Task.WhenAny(more, full);
            Take(batch);
        }

        return batch;
    }

    private void Take(List<Waiting> batch)
    {
        while (batch.Count < _size.MaxMessages && _waiting.Reader.TryRead(out var one))
        {
            batch.Add(one);
        }
    }

    private async Task DeliverAsync(List<Waiting> batch, TaskCompletionSource tried)
    {
        try
        {
            var handled = await _delivery.HandleAsync([.. batch.Select(one => one.Message)], () => tried.TrySetResult(), batch[0].Stopping);
            for (var i = 0; i < handled.Length; i++)
            {
                batch[i].Handled.SetResult(handled[i]);
            }
        }
#pragma warning disable CA1031 // Handed to whoever waits for the message.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            batch.ForEach(one => one.Handled.TrySetException(unexpected));
        }
        finally
        {
            tried.TrySetResult();
        }
    }

    private sealed record Waiting(BrokerMessage Message, CancellationToken Stopping)
    {
        public TaskCompletionSource<Handled> Handled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
