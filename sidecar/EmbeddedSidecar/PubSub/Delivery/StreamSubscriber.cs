using System.Collections.Concurrent;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Delivers into a stream that the app opened, and matches its answers to the messages by event id.</summary>
internal sealed class StreamSubscriber(GrpcWriter<SubscribeTopicEventsResponseAlpha1> stream, CancellationToken aborted) : ISubscriber
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Status>> _unanswered = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(aborted);

    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask<Answer> DeliverAsync(Delivered message, CancellationToken ct)
    {
        var request = TopicEvents.Read(message);
        var answered = new TaskCompletionSource<Status>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_unanswered.TryAdd(request.Id, answered))
        {
            throw new DeliveryException($"event {request.Id} is already waiting for its answer on this stream");
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _closed.Token);
        try
        {
            try
            {
                await _greeted.Task.WaitAsync(either.Token);
                await stream.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { EventMessage = request }, either.Token);
                await answered.Task.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (answered.Task.IsCompleted)
            {
                // It answered and left; the answer counts.
            }

            return await answered.Task switch
            {
                Status.Success => new Answer(Verdict.Success, 0),
                Status.Drop => new Answer(Verdict.Drop, 0),
                var other => throw new DeliveryException($"{other} status returned from app while processing pub/sub event {request.Id}"),
            };
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException)
        {
            throw new DeliveryException($"the stream broke: {broken.Message}", broken);
        }
        finally
        {
            _unanswered.TryRemove(request.Id, out _);
        }
    }

    /// <summary>Tells the app that it has subscribed; events come after that.</summary>
    public async Task GreetAsync(CancellationToken ct)
    {
        await stream.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { InitialResponse = new() }, ct);
        _greeted.SetResult();
    }

    public ValueTask<BulkAnswer> DeliverBulkAsync(DeliveredBatch batch, CancellationToken ct) =>
        throw new NotSupportedException("A streaming subscription has no bulk.");

    /// <summary>Takes the app's answer to one message; one that nobody waits for is ignored, as by daprd.</summary>
    public void Processed(SubscribeTopicEventsRequestProcessedAlpha1 answer)
    {
        if (_unanswered.TryGetValue(answer.Id, out var waiting))
        {
            waiting.TrySetResult(answer.Status?.Status ?? Status.Success);
        }
    }

    /// <summary>The stream has ended: what is unanswered is given back.</summary>
    public void Close() => _closed.Cancel();
}
