using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>What a workflow can ask for. Retries are the worker's matter: a durable timer, then the same thing under a new id.</summary>
internal sealed partial class TurnContext
{
    public override Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null)
    {
        Enter();
        ArgumentException.ThrowIfNullOrEmpty(name);
        var payload = new Payload(input, serializer, _isReplaying);
        return options?.RetryPolicy is { } policy
            ? RetryAsync(() => Schedule<T>(name, payload, options), policy, static first => new Proto.CreateTimerAction
            {
                ActivityRetry = new Proto.TimerOriginActivityRetry { TaskExecutionId = first.ScheduleTask.TaskExecutionId },
            })
            : Schedule<T>(name, payload, options).Task;
    }

    public override Task<TResult> CallChildWorkflowAsync<TResult>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null)
    {
        Enter();
        ArgumentException.ThrowIfNullOrEmpty(workflowName);
        var payload = new Payload(input, serializer, _isReplaying);
        return options?.RetryPolicy is { } policy
            ? RetryAsync(() => StartChild<TResult>(workflowName, payload, options), policy, static first => new Proto.CreateTimerAction
            {
                ChildWorkflowRetry = new Proto.TimerOriginChildWorkflowRetry { InstanceId = first.CreateChildWorkflow.InstanceId },
            })
            : StartChild<TResult>(workflowName, payload, options).Task;
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        Enter();
        if (fireAt.Kind != DateTimeKind.Utc)
        {
            throw new ArgumentException("The time must be UTC: derive it from CurrentUtcDateTime.", nameof(fireAt));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        var timer = AddTimer(new Proto.CreateTimerAction { FireAt = fireAt.ToTimestamp(), CreateTimer = new Proto.TimerOriginCreateTimer() });
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() => timer.Cancel(cancellationToken));
        }

        return timer.Task;
    }

    public override Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default)
    {
        Enter();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var (task, cancel) = _events.Wait<T>(eventName);
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() => cancel(cancellationToken));
        }

        return task;
    }

    public override Task<T> WaitForExternalEventAsync<T>(string eventName, TimeSpan timeout)
    {
        Enter();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var (task, cancel) = _events.Wait<T>(eventName);
        if (timeout == TimeSpan.Zero)
        {
            cancel(new CancellationToken(canceled: true));
            return task;
        }

        var endless = timeout < TimeSpan.Zero;
        var timer = new Proto.CreateTimerAction
        {
            FireAt = endless ? Never : (_now + timeout).ToTimestamp(),
            Name = eventName,
            ExternalEvent = new Proto.TimerOriginExternalEvent { Name = eventName },
        };
        AddTimer(timer, () => cancel(new CancellationToken(canceled: true)), endless);
        return task;
    }

    private TaskOperation<T> Schedule<T>(string name, Payload payload, WorkflowTaskOptions? options)
    {
        var id = _operations.Count;
        var key = NameBasedGuid.Create(string.Create(CultureInfo.InvariantCulture, $"{InstanceId}/activity/{id}/{name}"));
        var task = new Proto.ScheduleTaskAction { Name = name, TaskExecutionId = key.ToString("N"), Router = Route(options) };
        if (options is { PropagationScope: not HistoryPropagationScope.None })
        {
            task.HistoryPropagationScope = (Proto.HistoryPropagationScope)options.PropagationScope;
        }

        return Add(new TaskOperation<T>(new Proto.WorkflowAction { Id = id, ScheduleTask = task, Router = Route(options) }, payload, serializer));
    }

    private TaskOperation<T> StartChild<T>(string name, Payload payload, ChildWorkflowTaskOptions? options)
    {
        var child = new Proto.CreateChildWorkflowAction
        {
            InstanceId = string.IsNullOrEmpty(options?.InstanceId) ? NewGuid().ToString() : options.InstanceId,
            Name = name,
            Router = Route(options),
        };
        if (options is { PropagationScope: not HistoryPropagationScope.None })
        {
            child.HistoryPropagationScope = (Proto.HistoryPropagationScope)options.PropagationScope;
        }

        var action = new Proto.WorkflowAction { Id = _operations.Count, CreateChildWorkflow = child, Router = Route(options) };
        return Add(new TaskOperation<T>(action, payload, serializer));
    }

    private TimerOperation AddTimer(Proto.CreateTimerAction timer, Action? onFired = null, bool optional = false) =>
        Add(new TimerOperation(new Proto.WorkflowAction { Id = _operations.Count, CreateTimer = timer }, onFired) { IsOptional = optional });

    private T Add<T>(T operation)
        where T : Operation
    {
        _operations.Add(operation);
        return operation;
    }

    private static Proto.TaskRouter? Route(WorkflowTaskOptions? options) =>
        string.IsNullOrEmpty(options?.TargetAppId) ? null : new Proto.TaskRouter { TargetAppID = options.TargetAppId };

    private async Task<T> RetryAsync<T>(
        Func<TaskOperation<T>> attempt, WorkflowRetryPolicy policy, Func<Proto.WorkflowAction, Proto.CreateTimerAction> pause)
    {
        var begun = _now;
        Proto.WorkflowAction? first = null;
        for (var failures = 1; ; failures++)
        {
            var operation = attempt();
            first ??= operation.Action;
            TimeSpan? delay = null;
            try
            {
                return await operation.Task;
            }
            catch (WorkflowTaskFailedException) when ((delay = policy.DelayAfter(failures, begun, _now)) is not null)
            {
            }

            var timer = pause(first);
            timer.FireAt = (_now + delay.Value).ToTimestamp();
            await AddTimer(timer).Task;
        }
    }
}
