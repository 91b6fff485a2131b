using Proto = Dapr.DurableTask.Protobuf;
using Kind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;
using Asked = Dapr.DurableTask.Protobuf.WorkflowAction.WorkflowActionTypeOneofCase;

namespace Dapr.Workflow.Worker;

/// <summary>History says one thing and the code asked for another: it was changed while instances were under way, or is not deterministic.</summary>
#pragma warning disable CA1032 // Thrown in one place with all it needs.
internal sealed class NonDeterministicWorkflowException(string message) : InvalidOperationException(message);
#pragma warning restore CA1032

/// <summary>Brings events that confirm or end an operation to that operation.</summary>
internal static class HistoryMatch
{
    public static void Apply(TurnContext context, Proto.HistoryEvent happened)
    {
        switch (happened.EventTypeCase)
        {
            case Kind.TaskScheduled:
                Confirm(context, happened, Asked.ScheduleTask, happened.TaskScheduled.Name);
                break;
            case Kind.ChildWorkflowInstanceCreated:
                Confirm(context, happened, Asked.CreateChildWorkflow, happened.ChildWorkflowInstanceCreated.Name);
                break;
            case Kind.TimerCreated:
                Confirm(context, happened, Asked.CreateTimer, name: null);
                break;
            case Kind.TaskCompleted:
                Find(context, happened.TaskCompleted.TaskScheduledId, Asked.ScheduleTask)?.Succeed(happened.TaskCompleted.Result);
                break;
            case Kind.TaskFailed:
                Find(context, happened.TaskFailed.TaskScheduledId, Asked.ScheduleTask)
                    ?.Fail(ActivityFailure(happened.TaskFailed.FailureDetails));
                break;
            case Kind.TimerFired:
                Find(context, happened.TimerFired.TimerId, Asked.CreateTimer)?.Succeed(payload: null);
                break;
            case Kind.ChildWorkflowInstanceCompleted:
                Find(context, happened.ChildWorkflowInstanceCompleted.TaskScheduledId, Asked.CreateChildWorkflow)
                    ?.Succeed(happened.ChildWorkflowInstanceCompleted.Result);
                break;
            case Kind.ChildWorkflowInstanceFailed:
                var child = Find(context, happened.ChildWorkflowInstanceFailed.TaskScheduledId, Asked.CreateChildWorkflow);
                child?.Fail(ChildFailure(child.Action.CreateChildWorkflow.Name, happened.ChildWorkflowInstanceFailed.FailureDetails));
                break;
            default:
                // What this version does not know changes nothing for the body.
                break;
        }
    }

    private static WorkflowTaskFailedException ActivityFailure(Proto.TaskFailureDetails? details)
    {
        var known = details ?? Unexplained();
        return new WorkflowTaskFailedException($"Task failed: {known.ErrorMessage}", Failures.FromWire(known));
    }

    private static WorkflowTaskFailedException ChildFailure(string name, Proto.TaskFailureDetails? details) =>
        new($"Child workflow '{name}' failed", Failures.FromWire(details ?? Unexplained()));

    // A child that was terminated fails without details.
    private static Proto.TaskFailureDetails Unexplained() => Failures.ToWire("Unknown", "The runtime gave no details.");

    // An id that fits nothing is a duplicate or a leftover of an earlier generation.
    private static Operation? Find(TurnContext context, int id, Asked kind) =>
        id >= 0 && id < context.Operations.Count && context.Operations[id] is { } operation && operation.Action.WorkflowActionTypeCase == kind
            ? operation
            : null;

    private static void Confirm(TurnContext context, Proto.HistoryEvent happened, Asked kind, string? name)
    {
        var id = happened.EventId;
        while (id >= 0 && id < context.Operations.Count)
        {
            var operation = context.Operations[id];
            if (Fits(operation, happened, kind, name))
            {
                operation.IsConfirmed = true;
                return;
            }

            if (!operation.IsOptional || operation.IsConfirmed)
            {
                break;
            }

            // History of a worker that makes no timer for a wait without end: the ids behind it move up by one.
            context.Drop(id);
        }

        var asked = id >= 0 && id < context.Operations.Count ? Describe(context.Operations[id].Action) : "nothing";
        throw new NonDeterministicWorkflowException(
            $"The workflow is not deterministic: history has {happened.EventTypeCase} '{name}' with id {id}, the code asked for {asked}.");
    }

    private static bool Fits(Operation operation, Proto.HistoryEvent happened, Asked kind, string? name)
    {
        var action = operation.Action;
        if (action.WorkflowActionTypeCase != kind)
        {
            return false;
        }

        return kind switch
        {
            Asked.ScheduleTask => action.ScheduleTask.Name.Equals(name, StringComparison.OrdinalIgnoreCase),
            Asked.CreateChildWorkflow => action.CreateChildWorkflow.Name.Equals(name, StringComparison.OrdinalIgnoreCase),
            _ => !operation.IsOptional
                || (happened.TimerCreated.OriginCase == Proto.TimerCreatedEvent.OriginOneofCase.ExternalEvent
                    && happened.TimerCreated.FireAt.Equals(action.CreateTimer.FireAt)),
        };
    }

    private static string Describe(Proto.WorkflowAction action) => action.WorkflowActionTypeCase switch
    {
        Asked.ScheduleTask => $"activity '{action.ScheduleTask.Name}'",
        Asked.CreateChildWorkflow => $"child workflow '{action.CreateChildWorkflow.Name}'",
        _ => "a timer",
    };
}
