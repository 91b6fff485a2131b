using Dapr.Common.Serialization;
using Dapr.Workflow;
using Dapr.Workflow.Worker;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

/// <summary>A history written by hand, batch by batch, as the wire reference says an engine writes it.</summary>
internal sealed class History
{
    public static readonly DateTime Start = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly List<Proto.HistoryEvent> _past = [];
    private List<Proto.HistoryEvent> _new = [];
    private int _turns;

    public History(string name = "Flow", string? input = null)
    {
        Turn();
        Add(new Proto.HistoryEvent
        {
            EventId = -1,
            ExecutionStarted = new Proto.ExecutionStartedEvent { Name = name, Input = input, WorkflowInstance = new Proto.WorkflowInstance { InstanceId = "i1" } },
        });
    }

    /// <summary>What was news becomes past; a new batch begins.</summary>
    public History Turn(params string[] patches)
    {
        _past.AddRange(_new);
        _new = [];
        var started = new Proto.WorkflowStartedEvent();
        if (patches.Length > 0)
        {
            started.Version = new Proto.WorkflowVersion { Patches = { patches } };
        }

        return Add(new Proto.HistoryEvent { EventId = -1, WorkflowStarted = started, Timestamp = Start.AddMinutes(_turns++).ToTimestamp() });
    }

    public History Scheduled(int id, string name) => Add(new() { EventId = id, TaskScheduled = new() { Name = name } });

    public History Completed(int id, string result) => Add(new() { EventId = -1, TaskCompleted = new() { TaskScheduledId = id, Result = result } });

    public History Failed(int id, string type = "System.InvalidOperationException", string message = "boom") =>
        Add(new() { EventId = -1, TaskFailed = new() { TaskScheduledId = id, FailureDetails = new() { ErrorType = type, ErrorMessage = message } } });

    public History TimerCreated(int id, DateTime? fireAt = null, string? forEvent = null)
    {
        var timer = new Proto.TimerCreatedEvent { FireAt = (fireAt ?? Start).ToTimestamp() };
        if (forEvent is not null)
        {
            timer.ExternalEvent = new Proto.TimerOriginExternalEvent { Name = forEvent };
        }

        return Add(new() { EventId = id, TimerCreated = timer });
    }

    public History EndlessTimerCreated(int id, string forEvent) => Add(new()
    {
        EventId = id,
        TimerCreated = new()
        {
            FireAt = new Timestamp { Seconds = 253402300799, Nanos = 999999999 },
            ExternalEvent = new Proto.TimerOriginExternalEvent { Name = forEvent },
        },
    });

    public History Fired(int id) => Add(new() { EventId = -1, TimerFired = new() { TimerId = id } });

    public History Raised(string name, string? input = null) => Add(new() { EventId = -1, EventRaised = new() { Name = name, Input = input } });

    public History ChildCreated(int id, string name) => Add(new() { EventId = id, ChildWorkflowInstanceCreated = new() { Name = name, InstanceId = "c" } });

    public History ChildCompleted(int id, string result) =>
        Add(new() { EventId = -1, ChildWorkflowInstanceCompleted = new() { TaskScheduledId = id, Result = result } });

    public History ChildFailed(int id) => Add(new() { EventId = -1, ChildWorkflowInstanceFailed = new() { TaskScheduledId = id } });

    public History Suspended() => Add(new() { EventId = -1, ExecutionSuspended = new() });

    public History Resumed() => Add(new() { EventId = -1, ExecutionResumed = new() });

    public History Terminated(string input) => Add(new() { EventId = -1, ExecutionTerminated = new() { Input = input } });

    public History Add(Proto.HistoryEvent happened)
    {
        happened.Timestamp ??= Start.ToTimestamp();
        _new.Add(happened);
        return this;
    }

    /// <summary>Today's code against this history.</summary>
    public Proto.WorkflowResponse Run<TInput, TOutput>(Func<WorkflowContext, TInput, Task<TOutput>> body, ILoggerFactory? loggers = null)
    {
        var serializer = new JsonDaprSerializer();
        IWorkflow workflow = new Body<TInput, TOutput>(body);
        var request = new Proto.WorkflowRequest { InstanceId = "i1", NewEvents = { _new } };
        var turn = new WorkflowTurn(
            request,
            _ => (context, input) => workflow.RunAsync(context, serializer.Deserialize(input, workflow.InputType)),
            serializer,
            loggers ?? NullLoggerFactory.Instance);
        return turn.Run(_past);
    }

    public Proto.WorkflowResponse Run<TOutput>(Func<WorkflowContext, Task<TOutput>> body) => Run<object?, TOutput>((context, _) => body(context));

    private sealed class Body<TInput, TOutput>(Func<WorkflowContext, TInput, Task<TOutput>> body) : Workflow<TInput, TOutput>
    {
        public override Task<TOutput> RunAsync(WorkflowContext context, TInput input) => body(context, input);
    }
}

internal static class Answers
{
    public static Proto.CompleteWorkflowAction? Completion(this Proto.WorkflowResponse response) =>
        response.Actions.SingleOrDefault(action => action.CompleteWorkflow is not null)?.CompleteWorkflow;

    public static IReadOnlyList<Proto.WorkflowAction> Asked(this Proto.WorkflowResponse response) =>
        [.. response.Actions.Where(action => action.CompleteWorkflow is null)];
}
