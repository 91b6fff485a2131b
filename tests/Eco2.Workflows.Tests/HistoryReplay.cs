using System.Text.Json;
using Dapr.Common.Serialization;
using Dapr.Workflow;
using Dapr.Workflow.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using Asked = Dapr.DurableTask.Protobuf.WorkflowAction.WorkflowActionTypeOneofCase;
using Kind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;
using Proto = Dapr.DurableTask.Protobuf;

namespace Eco2.Workflows.Tests;

/// <summary>Gives a recorded history to today's code, turn by turn, as the runtime does with an instance that a former release began, and
/// says where the code would now ask for something else.</summary>
internal static class HistoryReplay
{
    public static IReadOnlyList<string> Differences(RecordedHistory history, IWorkflow workflow)
    {
        var differences = new List<string>();
        var starts = Enumerable.Range(0, history.Events.Count).Where(i => history.Events[i].EventTypeCase == Kind.WorkflowStarted).ToList();
        foreach (var (turn, from) in starts.Index())
        {
            var to = turn + 1 < starts.Count ? starts[turn + 1] : history.Events.Count;
            var happened = history.Events.Skip(from).Take(to - from).ToList();
            var wanted = happened.Select(Recorded).OfType<string>().Order(StringComparer.Ordinal);
            var now = Run(workflow, [.. history.Events.Take(from)], happened.Where(e => Recorded(e) is null)).Actions.Select(Today).Order(StringComparer.Ordinal);
            if (!wanted.SequenceEqual(now))
            {
                differences.Add($"turn {turn + 1}: it was [{string.Join("; ", wanted)}], today's code wants [{string.Join("; ", now)}]");
            }
        }

        return differences;
    }

    private static Proto.WorkflowResponse Run(IWorkflow workflow, IReadOnlyList<Proto.HistoryEvent> past, IEnumerable<Proto.HistoryEvent> news)
    {
        var serializer = new JsonDaprSerializer();
        var turn = new WorkflowTurn(
            new Proto.WorkflowRequest { InstanceId = "replayed", NewEvents = { news } },
            _ => (context, input) => workflow.RunAsync(context, serializer.Deserialize(input, workflow.InputType)),
            serializer,
            NullLoggerFactory.Instance);
        return turn.Run(past);
    }

    // What the runtime wrote because the code had asked for it; null for what happened to the instance. Payloads of steps are not compared:
    // a new member in one changes no order.
    private static string? Recorded(Proto.HistoryEvent e) => e.EventTypeCase switch
    {
        Kind.TaskScheduled => $"{e.EventId} activity {e.TaskScheduled.Name}",
        Kind.TimerCreated => $"{e.EventId} timer {e.TimerCreated.FireAt}",
        Kind.ChildWorkflowInstanceCreated => $"{e.EventId} child {e.ChildWorkflowInstanceCreated.Name}",
        Kind.ExecutionCompleted => Ended(e.ExecutionCompleted.WorkflowStatus, e.ExecutionCompleted.Result, e.ExecutionCompleted.FailureDetails),
        _ => null,
    };

    private static string Today(Proto.WorkflowAction action) => action.WorkflowActionTypeCase switch
    {
        Asked.ScheduleTask => $"{action.Id} activity {action.ScheduleTask.Name}",
        Asked.CreateTimer => $"{action.Id} timer {action.CreateTimer.FireAt}",
        Asked.CreateChildWorkflow => $"{action.Id} child {action.CreateChildWorkflow.Name}",
        Asked.CompleteWorkflow => Ended(action.CompleteWorkflow.WorkflowStatus, action.CompleteWorkflow.Result, action.CompleteWorkflow.FailureDetails),
        var other => $"{action.Id} {other}",
    };

    private static string Ended(Proto.OrchestrationStatus status, string? result, Proto.TaskFailureDetails? failure) =>
        $"end as {status} {(string.IsNullOrEmpty(result) ? "" : JsonElement.Parse(result))} {failure?.ErrorType} {failure?.ErrorMessage}".Trim();
}
