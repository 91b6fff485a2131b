namespace Dapr.Workflow.Client;

/// <summary>One page of instance ids.</summary>
/// <param name="InstanceIds">The ids.</param>
/// <param name="ContinuationToken">What gives the next page; null at the end.</param>
public sealed record WorkflowInstancePage(IReadOnlyList<string> InstanceIds, string? ContinuationToken);

/// <summary>One event of a history.</summary>
/// <param name="EventId">The id of the action it answers; -1 for what came from outside.</param>
/// <param name="EventType">What happened.</param>
/// <param name="Timestamp">UTC.</param>
public sealed record WorkflowHistoryEvent(int EventId, WorkflowHistoryEventType EventType, DateTime Timestamp);

/// <summary>How an instance is started anew.</summary>
public sealed class RerunWorkflowFromEventOptions
{
    /// <summary>Null: the runtime makes one.</summary>
    public string? NewInstanceId { get; set; }

    /// <summary>New input of the event's target; needs <see cref="OverwriteInput"/>.</summary>
    public object? Input { get; set; }

    /// <summary>Whether the input is replaced.</summary>
    public bool OverwriteInput { get; set; }
}
