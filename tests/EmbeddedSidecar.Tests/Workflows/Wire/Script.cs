using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Tests.Workflows.Wire;

/// <summary>Answers of a worker, spelled out.</summary>
internal static class Script
{
    public static readonly Func<WorkflowRequest, WorkflowResponse> Nothing = _ => new WorkflowResponse();

    public static IEnumerable<HistoryEvent> All(this WorkflowRequest request) => request.PastEvents.Concat(request.NewEvents);

    public static ActivityResponse Done(ActivityRequest request, string result) => new()
    {
        InstanceId = request.WorkflowInstance.InstanceId, TaskId = request.TaskId, Result = result,
    };

    public static ActivityResponse Failed(ActivityRequest request, string message) => new()
    {
        InstanceId = request.WorkflowInstance.InstanceId,
        TaskId = request.TaskId,
        FailureDetails = new TaskFailureDetails { ErrorType = "Broken", ErrorMessage = message },
    };

    public static WorkflowResponse Answer(params WorkflowAction[] actions)
    {
        var response = new WorkflowResponse();
        response.Actions.AddRange(actions);
        return response;
    }

    public static WorkflowAction Activity(int id, string name, string? input = null) => new()
    {
        Id = id, ScheduleTask = new ScheduleTaskAction { Name = name, Input = input, TaskExecutionId = $"exec-{id}" },
    };

    public static WorkflowAction Timer(int id, DateTimeOffset at, string? forEvent = null)
    {
        var timer = new CreateTimerAction { FireAt = Timestamp.FromDateTimeOffset(at) };
        if (forEvent is null)
        {
            timer.CreateTimer = new TimerOriginCreateTimer();
        }
        else
        {
            timer.Name = forEvent;
            timer.ExternalEvent = new TimerOriginExternalEvent { Name = forEvent };
        }

        return new WorkflowAction { Id = id, CreateTimer = timer };
    }

    public static WorkflowAction Child(int id, string name, string instanceId = "", string? app = null)
    {
        var action = new WorkflowAction
        {
            Id = id, CreateChildWorkflow = new CreateChildWorkflowAction { Name = name, InstanceId = instanceId },
        };
        if (app is not null)
        {
            action.CreateChildWorkflow.Router = new TaskRouter { TargetAppID = app };
        }

        return action;
    }

    public static WorkflowAction Complete(int id, string? result, OrchestrationStatus status = OrchestrationStatus.Completed) => new()
    {
        Id = id, CompleteWorkflow = new CompleteWorkflowAction { WorkflowStatus = status, Result = result },
    };

    public static WorkflowAction ContinueAsNew(int id, string input, params HistoryEvent[] carryover)
    {
        var action = Complete(id, input, OrchestrationStatus.ContinuedAsNew);
        action.CompleteWorkflow.CarryoverEvents.AddRange(carryover);
        return action;
    }

    /// <summary>A workflow that calls activities one after the other and returns their results, comma-separated.</summary>
    public static Func<WorkflowRequest, WorkflowResponse> Sequence(params string[] activities) => request =>
    {
        if (request.All().LastOrDefault(e => e.ExecutionTerminated is not null) is { } terminated)
        {
            return Answer(Complete(activities.Length, terminated.ExecutionTerminated.Input, OrchestrationStatus.Terminated));
        }

        if (request.All().FirstOrDefault(e => e.TaskFailed is not null) is { } failed)
        {
            return Answer(Complete(activities.Length, failed.TaskFailed.FailureDetails.ErrorMessage, OrchestrationStatus.Failed));
        }

        var results = request.All().Where(e => e.TaskCompleted is not null).OrderBy(e => e.TaskCompleted.TaskScheduledId).ToList();
        var scheduled = request.All().Count(e => e.TaskScheduled is not null);
        return results.Count == activities.Length ? Answer(Complete(activities.Length, string.Join(",", results.Select(e => e.TaskCompleted.Result))))
            : scheduled > results.Count ? Answer()
            : Answer(Activity(scheduled, activities[scheduled]));
    };
}
