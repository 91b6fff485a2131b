using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>What stands in the history for the activities, children and timers that a worker asked for.</summary>
internal static class AskedEvents
{
    public static TaskScheduledEvent Activity(InstanceState state, ScheduleTaskAction action)
    {
        var scheduled = new TaskScheduledEvent
        {
            Name = action.Name,
            Version = action.Version,
            Input = action.Input,
            TaskExecutionId = action.TaskExecutionId,
            ParentTraceContext = state.Start?.ExecutionStarted.ParentTraceContext,
        };
        if (action.HasHistoryPropagationScope)
        {
            scheduled.HistoryPropagationScope = action.HistoryPropagationScope;
        }

        return scheduled;
    }

    public static ChildWorkflowInstanceCreatedEvent Child(InstanceState state, WorkflowAction action)
    {
        var child = action.CreateChildWorkflow;
        var created = new ChildWorkflowInstanceCreatedEvent
        {
            InstanceId = child.InstanceId.Length > 0 ? child.InstanceId : $"{state.InstanceId}:{action.Id:x4}",
            Name = child.Name,
            Version = child.Version,
            Input = child.Input,
            ParentTraceContext = state.Start?.ExecutionStarted.ParentTraceContext,
        };
        if (child.HasHistoryPropagationScope)
        {
            created.HistoryPropagationScope = child.HistoryPropagationScope;
        }

        return created;
    }

    public static TimerCreatedEvent Timer(CreateTimerAction timer)
    {
        var created = new TimerCreatedEvent { FireAt = timer.FireAt };
        if (timer.HasName)
        {
            created.Name = timer.Name;
        }

        switch (timer.OriginCase)
        {
            case CreateTimerAction.OriginOneofCase.CreateTimer:
                created.CreateTimer = timer.CreateTimer;
                break;
            case CreateTimerAction.OriginOneofCase.ExternalEvent:
                created.ExternalEvent = timer.ExternalEvent;
                break;
            case CreateTimerAction.OriginOneofCase.ActivityRetry:
                created.ActivityRetry = timer.ActivityRetry;
                break;
            case CreateTimerAction.OriginOneofCase.ChildWorkflowRetry:
                created.ChildWorkflowRetry = timer.ChildWorkflowRetry;
                break;
        }

        return created;
    }
}
