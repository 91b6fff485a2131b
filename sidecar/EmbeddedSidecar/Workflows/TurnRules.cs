using System.Text;
using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ActionKind = Dapr.DurableTask.Protobuf.WorkflowAction.WorkflowActionTypeOneofCase;

namespace EmbeddedSidecar.Workflows;

/// <summary>What a worker's answer does to an instance. Pure: time and ids are given.</summary>
internal sealed class TurnRules(string appId, int maxPayload, Func<string> newExecutionId)
{
    public string NewExecutionId() => newExecutionId();

    /// <summary>Applies the answer to the turn that is out. Either all of it or, when it throws, nothing.</summary>
    /// <exception cref="TurnRefusedException">The answer asks for something this engine, like daprd, does not do.</exception>
    public TurnOutcome Complete(InstanceState state, Turn turn, WorkflowResponse response, Timestamp now)
    {
        var terminate = state.Inbox.Take(turn.InboxCount).LastOrDefault(e => e.ExecutionTerminated is not null)?.ExecutionTerminated;
        var completion = response.Actions.FirstOrDefault(a => a.CompleteWorkflow is not null);
        Refuse(state, response);
        if (terminate is null && (StallOf(state, response) ?? TooLarge(response)) is { } stall)
        {
            return Stall(state, stall, now);
        }

        var continues = completion?.CompleteWorkflow.WorkflowStatus == OrchestrationStatus.ContinuedAsNew;
        if (continues && terminate is null)
        {
            ContinueAsNew(state, turn, completion!.CompleteWorkflow, now);
            state.CustomStatus = response.CustomStatus;
            return new TurnOutcome { ContinuedAsNew = true };
        }

        TakeBatch(state, turn, response.Version);
        var outcome = new TurnOutcome { TerminateChildren = terminate is { Recurse: true } };
        var engineCompletes = terminate is not null && (completion is null || continues);
        if (engineCompletes)
        {
            state.Append(Event(-1, now, e => e.ExecutionCompleted = new ExecutionCompletedEvent
            {
                WorkflowStatus = OrchestrationStatus.Terminated,
                Result = terminate!.Input,
            }));
        }
        else
        {
            foreach (var action in response.Actions)
            {
                Apply(state, action, now, outcome);
            }
        }

        state.CustomStatus = response.CustomStatus;
        return outcome;
    }

    /// <summary>Says in the history, once, that the instance cannot go on for now.</summary>
    public static TurnOutcome Stall(InstanceState state, ExecutionStalledEvent stall, Timestamp now)
    {
        if (!state.Stalled)
        {
            state.Append(Event(-1, now, e => e.ExecutionStalled = stall));
        }

        return new TurnOutcome { Stalled = true };
    }

    public static HistoryEvent Event(int id, Timestamp at, Action<HistoryEvent> content)
    {
        var e = new HistoryEvent { EventId = id, Timestamp = at };
        content(e);
        return e;
    }

    private static void Refuse(InstanceState state, WorkflowResponse response)
    {
        var seen = new HashSet<int>();
        foreach (var action in response.Actions)
        {
            switch (action.WorkflowActionTypeCase)
            {
                case ActionKind.ScheduleTask or ActionKind.CreateTimer or ActionKind.CreateChildWorkflow:
                    if (state.IsScheduled(action.Id) && response.Actions.All(a => a.CompleteWorkflow?.WorkflowStatus != OrchestrationStatus.ContinuedAsNew)
                        || !seen.Add(action.Id))
                    {
                        // The history is the worker's memory: a repeated id means it answered another turn than the one that is out.
                        throw new TurnRefusedException($"action id {action.Id} is already scheduled");
                    }

                    break;
                case ActionKind.CompleteWorkflow or ActionKind.WorkflowVersionNotAvailable:
                    break;
                default:
                    throw new TurnRefusedException($"action {action.WorkflowActionTypeCase} is not supported");
            }
        }
    }

    private static ExecutionStalledEvent? StallOf(InstanceState state, WorkflowResponse response)
    {
        if (response.Actions.Any(a => a.WorkflowVersionNotAvailable is not null))
        {
            return new ExecutionStalledEvent
            {
                Reason = StalledReason.VersionNotAvailable,
                Description = "The worker does not have this version of the workflow.",
            };
        }

        var patches = response.Version?.Patches ?? [];
        return patches.Take(state.Patches.Count).SequenceEqual(state.Patches)
            ? null
            : new ExecutionStalledEvent
            {
                Reason = StalledReason.PatchMismatch,
                Description = $"Patches so far [{string.Join(", ", state.Patches)}], the worker now has [{string.Join(", ", patches)}].",
            };
    }

    private ExecutionStalledEvent? TooLarge(WorkflowResponse response) => response.Actions
        .Select(a => a.ScheduleTask)
        .Where(task => task is not null && Encoding.UTF8.GetByteCount(task.Input ?? "") > maxPayload)
        .Select(task => WorkflowEngine.TooLarge($"The input of activity {task.Name} has {task.Input.Length} characters", maxPayload))
        .FirstOrDefault();

    private static void TakeBatch(InstanceState state, Turn turn, WorkflowVersion? version)
    {
        if (turn.Started is { } started)
        {
            var stamped = started;
            if (version is not null)
            {
                stamped = started.Clone();
                stamped.WorkflowStarted.Version = version;
            }

            state.Append(stamped);
        }

        foreach (var e in state.Inbox.Take(turn.InboxCount).ToList())
        {
            state.Append(e);
        }

        state.DropInbox(turn.InboxCount);
    }

    private void ContinueAsNew(InstanceState state, Turn turn, CompleteWorkflowAction completion, Timestamp now)
    {
        // In the very first turn the start event is still part of the batch.
        var old = state.AnyStart!.ExecutionStarted;
        var start = new ExecutionStartedEvent
        {
            Name = old.Name,
            Version = old.Version,
            Input = completion.Result,
            ParentInstance = old.ParentInstance,
            WorkflowInstance = new WorkflowInstance { InstanceId = state.InstanceId, ExecutionId = newExecutionId() },
        };
        state.DropInbox(turn.InboxCount);
        state.StartNextRun(
            [Event(-1, now, e => e.WorkflowStarted = new WorkflowStartedEvent()), Event(-1, now, e => (e.ExecutionStarted, e.Router) = (start, new TaskRouter { SourceAppID = appId }))],
            completion.CarryoverEvents);
    }

    private void Apply(InstanceState state, WorkflowAction action, Timestamp now, TurnOutcome outcome)
    {
        var happened = action.WorkflowActionTypeCase switch
        {
            ActionKind.ScheduleTask => Event(action.Id, now, e =>
            {
                e.TaskScheduled = AskedEvents.Activity(state, action.ScheduleTask);
                Route(e, action.ScheduleTask.Router ?? action.Router);
            }),
            ActionKind.CreateTimer => Event(action.Id, now, e => e.TimerCreated = AskedEvents.Timer(action.CreateTimer)),
            ActionKind.CreateChildWorkflow => Event(action.Id, now, e =>
            {
                e.ChildWorkflowInstanceCreated = AskedEvents.Child(state, action);
                Route(e, action.CreateChildWorkflow.Router ?? action.Router);
            }),
            _ => null,
        };
        if (happened is not null)
        {
            state.Append(happened);
            outcome.Scheduled.Add(happened);
        }
        else if (action.CompleteWorkflow is { } completion && !state.Terminal)
        {
            state.Append(Event(action.Id, now, e => e.ExecutionCompleted = new ExecutionCompletedEvent
            {
                WorkflowStatus = completion.WorkflowStatus,
                Result = completion.Result,
                FailureDetails = completion.FailureDetails,
            }));
        }
    }

    private void Route(HistoryEvent e, TaskRouter? router)
    {
        if (router is { HasTargetAppID: true } && router.TargetAppID.Length > 0)
        {
            e.Router = router.Clone();
            e.Router.SourceAppID = appId;
        }
    }
}
