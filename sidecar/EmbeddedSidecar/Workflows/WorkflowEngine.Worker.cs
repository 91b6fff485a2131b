using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Workflows;

/// <content>What workers ask for: work, and to be heard when it is done.</content>
internal sealed partial class WorkflowEngine
{
    // A worker that does not read for this long is as good as gone; its items go to others.
    private static readonly TimeSpan SlowReader = TimeSpan.FromSeconds(10);

    private bool _workersEchoTokens;

    /// <summary>Serves one GetWorkItems stream until it ends.</summary>
    public async Task ServeAsync(Func<WorkItem, CancellationToken, ValueTask> send, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, Stopping);
        var stream = Queue.Open();
        try
        {
            WakeStalled();
            while (true)
            {
                var item = await Queue.TakeAsync(stream, either.Token);
                if (item.Build() is not { } message)
                {
                    Queue.Finish(item);
                    continue;
                }

                await SendAsync(message, send, either.Token);
            }
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new GrpcException(StatusCode.Cancelled, "shutting down");
        }
        finally
        {
            Queue.Close(stream);
        }
    }

    /// <summary>The answer to a turn; one that nobody waits for is ignored.</summary>
    public async Task CompleteTurnAsync(WorkflowResponse response)
    {
        if (_actors.TryGetValue(response.InstanceId, out var loaded))
        {
            (await loaded.Value).Answer(response);
        }
    }

    /// <summary>The result of an activity; comes back once it is stored. One that nobody waits for is ignored.</summary>
    public async Task CompleteActivityAsync(ActivityResponse response)
    {
        if (Tasks.Complete(response.InstanceId, response.TaskId, response.FailureDetails?.ErrorType) is not { } task)
        {
            return;
        }

        var answer = TurnRules.Event(-1, Now(), e =>
        {
            var executionId = task.Scheduled.TaskScheduled.TaskExecutionId;
            if (response.FailureDetails is { } failure)
            {
                e.TaskFailed = new TaskFailedEvent
                {
                    TaskScheduledId = response.TaskId, FailureDetails = failure, TaskExecutionId = executionId,
                };
            }
            else
            {
                e.TaskCompleted = new TaskCompletedEvent
                {
                    TaskScheduledId = response.TaskId, Result = response.Result, TaskExecutionId = executionId,
                };
            }
        });
        await task.Source.WithAsync(task.InstanceId, actor => actor.ReceiveAsync(answer, task.Generation));
    }

    /// <summary>
    /// daprd sends no completion tokens, and neither do we until a stream has broken. From then on an answer may belong to an
    /// earlier sending of an earlier turn, and the token tells; workers that do not echo tokens are believed as before.
    /// </summary>
    public bool IsCurrent(QueuedItem item, string token)
    {
        if (token.Length > 0)
        {
            _workersEchoTokens = true;
            return token == item.Token;
        }

        return item.Token.Length == 0 || !_workersEchoTokens;
    }

    private async Task SendAsync(WorkItem message, Func<WorkItem, CancellationToken, ValueTask> send, CancellationToken ct)
    {
        var sending = send(message, ct);
        if (sending.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await sending.AsTask().WaitAsync(SlowReader, Clock, ct);
        }
        catch (TimeoutException)
        {
            throw new GrpcException(StatusCode.Unknown, "timed out while sending work item");
        }
    }

    private void WakeStalled()
    {
        foreach (var instanceId in Live.Instances)
        {
            if (_actors.TryGetValue(instanceId, out var entry) && entry.IsValueCreated && entry.Value.IsCompletedSuccessfully)
            {
                entry.Value.Result.WorkerConnected();
            }
        }
    }
}
