using Kind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Client;

/// <summary>What happened; the names are those of the older protocol.</summary>
public enum WorkflowHistoryEventType
{
    /// <summary>Something this version does not know.</summary>
    Unknown = 0,

    /// <summary>The instance was started.</summary>
    ExecutionStarted = 1,

    /// <summary>The instance ended.</summary>
    ExecutionCompleted = 2,

    /// <summary>The instance was ended from outside.</summary>
    ExecutionTerminated = 3,

    /// <summary>An activity was asked for.</summary>
    TaskScheduled = 4,

    /// <summary>An activity returned.</summary>
    TaskCompleted = 5,

    /// <summary>An activity failed.</summary>
    TaskFailed = 6,

    /// <summary>A child workflow was asked for.</summary>
    SubOrchestrationInstanceCreated = 7,

    /// <summary>A child workflow returned.</summary>
    SubOrchestrationInstanceCompleted = 8,

    /// <summary>A child workflow failed.</summary>
    SubOrchestrationInstanceFailed = 9,

    /// <summary>A timer was asked for.</summary>
    TimerCreated = 10,

    /// <summary>A timer fired.</summary>
    TimerFired = 11,

    /// <summary>A turn began.</summary>
    OrchestratorStarted = 12,

    /// <summary>A turn ended.</summary>
    OrchestratorCompleted = 13,

    /// <summary>An event went to another instance.</summary>
    EventSent = 14,

    /// <summary>An event came.</summary>
    EventRaised = 15,

    /// <summary>Not used by this runtime.</summary>
    GenericEvent = 16,

    /// <summary>Not used by this runtime.</summary>
    HistoryState = 17,

    /// <summary>The instance started over.</summary>
    ContinueAsNew = 18,

    /// <summary>The instance was held.</summary>
    ExecutionSuspended = 19,

    /// <summary>The instance was let go on.</summary>
    ExecutionResumed = 20,

    /// <summary>The instance cannot go on.</summary>
    ExecutionStalled = 21,
}

internal static class HistoryEventTypes
{
    public static WorkflowHistoryEventType Of(Proto.HistoryEvent happened) => happened.EventTypeCase switch
    {
        Kind.ExecutionStarted => WorkflowHistoryEventType.ExecutionStarted,
        Kind.ExecutionCompleted => WorkflowHistoryEventType.ExecutionCompleted,
        Kind.ExecutionTerminated => WorkflowHistoryEventType.ExecutionTerminated,
        Kind.TaskScheduled => WorkflowHistoryEventType.TaskScheduled,
        Kind.TaskCompleted => WorkflowHistoryEventType.TaskCompleted,
        Kind.TaskFailed => WorkflowHistoryEventType.TaskFailed,
        Kind.ChildWorkflowInstanceCreated => WorkflowHistoryEventType.SubOrchestrationInstanceCreated,
        Kind.ChildWorkflowInstanceCompleted => WorkflowHistoryEventType.SubOrchestrationInstanceCompleted,
        Kind.ChildWorkflowInstanceFailed => WorkflowHistoryEventType.SubOrchestrationInstanceFailed,
        Kind.TimerCreated => WorkflowHistoryEventType.TimerCreated,
        Kind.TimerFired => WorkflowHistoryEventType.TimerFired,
        Kind.WorkflowStarted => WorkflowHistoryEventType.OrchestratorStarted,
        Kind.WorkflowCompleted => WorkflowHistoryEventType.OrchestratorCompleted,
        Kind.EventSent => WorkflowHistoryEventType.EventSent,
        Kind.EventRaised => WorkflowHistoryEventType.EventRaised,
        Kind.ContinueAsNew => WorkflowHistoryEventType.ContinueAsNew,
        Kind.ExecutionSuspended => WorkflowHistoryEventType.ExecutionSuspended,
        Kind.ExecutionResumed => WorkflowHistoryEventType.ExecutionResumed,
        Kind.ExecutionStalled => WorkflowHistoryEventType.ExecutionStalled,
        _ => WorkflowHistoryEventType.Unknown,
    };
}
