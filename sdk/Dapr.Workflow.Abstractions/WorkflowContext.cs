using Microsoft.Extensions.Logging;

namespace Dapr.Workflow;

/// <summary>The part of <see cref="WorkflowContext"/> that loggers and versioning need.</summary>
public interface IWorkflowContext
{
    /// <summary>True while the body is fed with what already happened in earlier turns.</summary>
    bool IsReplaying { get; }

    /// <summary>The start of the current turn, UTC; the same at every replay.</summary>
    DateTime CurrentUtcDateTime { get; }

    /// <summary>Whether this run takes the patched branch; false only for a replay of history made without the patch.</summary>
    bool IsPatched(string patchName);
}

/// <summary>All a workflow may know and do.</summary>
public abstract class WorkflowContext : IWorkflowContext
{
    /// <summary>The workflow's name.</summary>
    public abstract string Name { get; }

    /// <summary>The instance's id, as the client gave it.</summary>
    public abstract string InstanceId { get; }

    /// <inheritdoc/>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <inheritdoc/>
    public abstract bool IsReplaying { get; }

    /// <inheritdoc/>
    public abstract bool IsPatched(string patchName);

    /// <summary>Runs an activity and ignores what it returns.</summary>
    /// <exception cref="WorkflowTaskFailedException">The activity failed, and the retry policy has no attempt left.</exception>
    public virtual Task CallActivityAsync(string name, object? input = null, WorkflowTaskOptions? options = null) =>
        CallActivityAsync<object>(name, input, options);

    /// <summary>Runs an activity.</summary>
    /// <exception cref="WorkflowTaskFailedException">The activity failed, and the retry policy has no attempt left.</exception>
    public abstract Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null);

    /// <summary>A durable timer. Cancelling ends the wait, not the timer.</summary>
    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken = default) =>
        CreateTimer(CurrentUtcDateTime.Add(delay), cancellationToken);

    /// <summary>A durable timer until a moment, which must be UTC. Cancelling ends the wait, not the timer.</summary>
    /// <exception cref="ArgumentException"><paramref name="fireAt"/> is not of kind UTC.</exception>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>Waits for an event of that name (any case); one that came earlier is taken first.</summary>
    public abstract Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default);

    /// <summary>The same, but at most so long; negative means without end.</summary>
    /// <exception cref="TaskCanceledException">Nothing came in time.</exception>
    public virtual async Task<T> WaitForExternalEventAsync<T>(string eventName, TimeSpan timeout)
    {
        using var tooLate = new CancellationTokenSource();
        using var inTime = new CancellationTokenSource();
        var timer = CreateTimer(timeout, inTime.Token);
        var wait = WaitForExternalEventAsync<T>(eventName, tooLate.Token);
        var loser = await Task.WhenAny(timer, wait) == timer ? tooLate : inTime;
        await loser.CancelAsync();
        return await wait;
    }

    /// <summary>Asks the engine to hand an event to another instance; not awaited.</summary>
    public abstract void SendEvent(string instanceId, string eventName, object payload);

    /// <summary>What clients read as custom status from the end of this turn on.</summary>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>Runs another workflow as a child.</summary>
    /// <exception cref="WorkflowTaskFailedException">The child failed, and the retry policy has no attempt left.</exception>
    public abstract Task<TResult> CallChildWorkflowAsync<TResult>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null);

    /// <summary>Runs another workflow as a child and ignores what it returns.</summary>
    /// <exception cref="WorkflowTaskFailedException">The child failed, and the retry policy has no attempt left.</exception>
    public virtual Task CallChildWorkflowAsync(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null) =>
        CallChildWorkflowAsync<object>(workflowName, input, options);

    /// <summary>A logger that is silent, and says that its levels are off, while replaying.</summary>
    public abstract ILogger CreateReplaySafeLogger(string categoryName);

    /// <summary>A logger that is silent, and says that its levels are off, while replaying.</summary>
    public abstract ILogger CreateReplaySafeLogger(Type type);

    /// <summary>A logger that is silent, and says that its levels are off, while replaying.</summary>
    public abstract ILogger CreateReplaySafeLogger<T>();

    /// <summary>Starts over with an empty history once the body returns; the body's result is then ignored.</summary>
    /// <param name="newInput">Input of the next run.</param>
    /// <param name="preserveUnprocessedEvents">Whether events nobody waited for yet go on to the next run.</param>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    /// <summary>A name-based (version 5) id: the same at every replay, another at every call.</summary>
    public abstract Guid NewGuid();

    /// <summary>History that the caller chose to pass on; null unless it asked for it.</summary>
    public abstract PropagatedHistory? GetPropagatedHistory();
}
