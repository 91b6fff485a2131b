using Dapr.Common.Serialization;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>Something the workflow asked for: the action that says so, and the task that waits for its end.</summary>
internal abstract class Operation(Proto.WorkflowAction action)
{
    public Proto.WorkflowAction Action { get; } = action;

    /// <summary>History shows it already, so it is not asked for again.</summary>
    public bool IsConfirmed { get; set; }

    /// <summary>The timer of a wait without end: histories of older workers lack it.</summary>
    public bool IsOptional { get; init; }

    public abstract bool IsOpen { get; }

    /// <summary>The action, complete: for what history does not show.</summary>
    public virtual Proto.WorkflowAction Ask() => Action;

    public abstract void Succeed(string? payload);

    public abstract void Fail(Exception failure);
}

/// <summary>An input as text. While history is replayed it holds that text already, so it is written only if it has to be asked for.</summary>
internal sealed class Payload(object? input, IDaprSerializer serializer, bool isReplaying)
{
    private string? _text = isReplaying ? null : serializer.Serialize(input);

    public string Text => _text ??= serializer.Serialize(input);
}

/// <summary>An activity or a child workflow.</summary>
internal sealed class TaskOperation<T>(Proto.WorkflowAction action, Payload input, IDaprSerializer serializer) : Operation(action)
{
    // Continuations run on the turn's thread, inside the call that completes the task: that is what makes a replay deterministic.
    private readonly TaskCompletionSource<T> _source = new();

    public Task<T> Task => _source.Task;

    public override bool IsOpen => !_source.Task.IsCompleted;

    public override Proto.WorkflowAction Ask()
    {
        if (Action.ScheduleTask is { } activity)
        {
            activity.Input = input.Text;
        }
        else
        {
            Action.CreateChildWorkflow.Input = input.Text;
        }

        return Action;
    }

    public override void Succeed(string? payload) => _source.SetFrom(serializer, payload);

    public override void Fail(Exception failure) => _source.TrySetException(failure);
}

/// <summary>A durable timer. One that only guards a wait for an event calls back instead of being awaited.</summary>
internal sealed class TimerOperation(Proto.WorkflowAction action, Action? onFired = null) : Operation(action)
{
    private readonly TaskCompletionSource _source = new();

    public Task Task => _source.Task;

    public override bool IsOpen => !_source.Task.IsCompleted;

    public override void Succeed(string? payload)
    {
        if (_source.TrySetResult())
        {
            onFired?.Invoke();
        }
    }

    public override void Fail(Exception failure) => _source.TrySetException(failure);

    public void Cancel(CancellationToken ct) => _source.TrySetCanceled(ct);
}
