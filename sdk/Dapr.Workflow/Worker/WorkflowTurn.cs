using Dapr.Common.Serialization;
using Microsoft.Extensions.Logging;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>
/// One turn of one instance: runs the body from its start, feeds it what happened in order, and collects what it wants next.
/// 1. Past events are fed as replay, new events as news. 2. Events that schedule confirm what the body asked for under the same
/// id; if it asked for something else the workflow fails. 3. Events that complete resolve the waiting task. 4. While suspended,
/// events are kept back. 5. What is unconfirmed at the end is the answer, with at most one completion.
/// </summary>
internal sealed class WorkflowTurn
{
    private readonly Proto.WorkflowRequest _request;
    private readonly Func<string, Func<TurnContext, string?, Task<object?>>> _body;
    private readonly IDaprSerializer _serializer;
    private readonly TurnContext _context;
    private readonly List<Proto.HistoryEvent> _heldBack = [];
    private Task<object?>? _run;
    private Proto.CompleteWorkflowAction? _completion;
    private bool _isSuspended;
    private bool _isTerminated;

    /// <param name="request">The engine's request.</param>
    /// <param name="body">From a workflow's name to its body; it throws for names it cannot run.</param>
    /// <param name="serializer">Of payloads.</param>
    /// <param name="loggers">Of replay-safe loggers.</param>
    public WorkflowTurn(
        Proto.WorkflowRequest request,
        Func<string, Func<TurnContext, string?, Task<object?>>> body,
        IDaprSerializer serializer,
        ILoggerFactory loggers)
    {
        _request = request;
        _body = body;
        _serializer = serializer;
        _context = new TurnContext(request.InstanceId, serializer, loggers) { IsPropagated = request.PropagatedHistory is not null };
    }

    /// <summary>Runs the turn on the calling thread, synchronously.</summary>
    public Proto.WorkflowResponse Run(IEnumerable<Proto.HistoryEvent> past)
    {
        // Without a synchronization context every continuation runs inside the call that completes its task.
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            Feed(past, isReplaying: true);
            Feed(_request.NewEvents, isReplaying: false);
            FailIfStuck();
        }
        finally
        {
            _context.End();
            SynchronizationContext.SetSynchronizationContext(outer);
        }

        return Respond();
    }

    private void Feed(IEnumerable<Proto.HistoryEvent> events, bool isReplaying)
    {
        _context.SetReplaying(isReplaying);
        foreach (var happened in events)
        {
            if (_isTerminated)
            {
                return;
            }

            Take(happened);
        }
    }

    private void Take(Proto.HistoryEvent happened)
    {
        switch (happened.EventTypeCase)
        {
            case Proto.HistoryEvent.EventTypeOneofCase.ExecutionTerminated:
                _isTerminated = true;
                _completion = new Proto.CompleteWorkflowAction
                {
                    WorkflowStatus = Proto.OrchestrationStatus.Terminated,
                    Result = happened.ExecutionTerminated.Input,
                };
                return;
            case Proto.HistoryEvent.EventTypeOneofCase.ExecutionSuspended:
                _isSuspended = true;
                return;
            case Proto.HistoryEvent.EventTypeOneofCase.ExecutionResumed:
                _isSuspended = false;
                var kept = _heldBack.ToArray();
                _heldBack.Clear();
                foreach (var earlier in kept)
                {
                    Apply(earlier);
                }

                return;
            case not Proto.HistoryEvent.EventTypeOneofCase.WorkflowStarted when _isSuspended:
                _heldBack.Add(happened);
                return;
            default:
                Apply(happened);
                return;
        }
    }

    private void Apply(Proto.HistoryEvent happened)
    {
        try
        {
            switch (happened.EventTypeCase)
            {
                case Proto.HistoryEvent.EventTypeOneofCase.WorkflowStarted:
                    _context.BeginTurn(happened.Timestamp.ToDateTime(), happened.WorkflowStarted.Version);
                    break;
                case Proto.HistoryEvent.EventTypeOneofCase.ExecutionStarted when _run is null:
                    Start(happened.ExecutionStarted);
                    break;
                case Proto.HistoryEvent.EventTypeOneofCase.EventRaised:
                    _context.Events.Raise(happened);
                    break;
                default:
                    HistoryMatch.Apply(_context, happened);
                    break;
            }
        }
        catch (NonDeterministicWorkflowException difference)
        {
            _completion = Failed(Failures.ToWire(difference, isNonRetriable: true));
        }

        FinishIfDone();
    }

    private void Start(Proto.ExecutionStartedEvent started)
    {
        _context.Begin(started.Name);
        try
        {
            _run = _body(started.Name)(_context, started.Input);
        }
#pragma warning disable CA1031 // Whatever stops the body before its first await fails the workflow, not the worker.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _run = Task.FromException<object?>(failure);
        }
    }

    private void FinishIfDone()
    {
        if (_completion is not null || _run is not { IsCompleted: true })
        {
            return;
        }

        if (_run.IsCompletedSuccessfully)
        {
            // Events kept for the next run are added at the end: more of them may follow in this batch.
            _completion = _context.Continuation is { } continuation
                ? new Proto.CompleteWorkflowAction { WorkflowStatus = Proto.OrchestrationStatus.ContinuedAsNew, Result = continuation.Input }
                : Completed(_run.Result);
            return;
        }

        var failure = _run.Exception?.InnerException ?? new TaskCanceledException(_run);
        _completion = Failed(failure is WorkflowStartException refused ? refused.Details : Failures.ToWire(failure, isNonRetriable: true));
    }

    private Proto.CompleteWorkflowAction Completed(object? result)
    {
        try
        {
            return new Proto.CompleteWorkflowAction
            {
                WorkflowStatus = Proto.OrchestrationStatus.Completed,
                Result = _serializer.Serialize(result),
            };
        }
#pragma warning disable CA1031 // A result that cannot be written fails the workflow, whatever serializer wrote it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return Failed(Failures.ToWire(failure, isNonRetriable: true));
        }
    }

    private static Proto.CompleteWorkflowAction Failed(Proto.TaskFailureDetails details) => new()
    {
        WorkflowStatus = Proto.OrchestrationStatus.Failed,
        FailureDetails = details,
    };

    // Nothing is open and yet the body has not ended: no event can ever wake it, so waiting would hide the mistake.
    private void FailIfStuck()
    {
        if (_completion is null && _run is not null && !_isSuspended && !_context.Events.HasWaiters && !_context.Operations.Any(o => o.IsOpen))
        {
            _completion = Failed(Failures.ToWire(
                new InvalidOperationException("The workflow waits for something that is not a task of its context."), isNonRetriable: true));
        }
    }

    private Proto.WorkflowResponse Respond()
    {
        var response = new Proto.WorkflowResponse { InstanceId = _request.InstanceId, CustomStatus = _context.CustomStatus };
        if (_context.Patches.Count > 0)
        {
            response.Version = new Proto.WorkflowVersion { Patches = { _context.Patches } };
        }

        if (_isSuspended && !_isTerminated)
        {
            return response;
        }

        if (!_isTerminated)
        {
            response.Actions.AddRange(_context.Operations.Where(o => !o.IsConfirmed).Select(o => o.Ask()));
        }

        if (_completion is not null)
        {
            if (_completion.WorkflowStatus == Proto.OrchestrationStatus.ContinuedAsNew && _context.Continuation is { KeepEvents: true })
            {
                _completion.CarryoverEvents.AddRange(_context.Events.Unread);
            }

            response.Actions.Add(new Proto.WorkflowAction { Id = _context.Operations.Count, CompleteWorkflow = _completion });
        }

        return response;
    }
}

/// <summary>A workflow that cannot be started, with the failure to report for it.</summary>
#pragma warning disable CA1032 // Thrown in one place with all it needs.
internal sealed class WorkflowStartException(Proto.TaskFailureDetails details) : Exception(details.ErrorMessage)
#pragma warning restore CA1032
{
    public Proto.TaskFailureDetails Details { get; } = details;
}
