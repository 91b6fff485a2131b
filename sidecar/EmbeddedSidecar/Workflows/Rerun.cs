using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Workflows;

/// <summary>RerunWorkflowFromEvent: a new instance with the history of a finished one up to an event, which then happens again.</summary>
internal sealed class Rerun(WorkflowEngine engine, RerunWorkflowFromEventRequest request, string newId)
{
    public async Task RunAsync(CancellationToken ct)
    {
        if (newId == request.SourceInstanceID)
        {
            throw new GrpcException(StatusCode.InvalidArgument, $"rerun workflow instance ID must be different from the original instance ID '{newId}'");
        }

        var history = await engine.WithAsync(request.SourceInstanceID, ReadSource).WaitAsync(ct);
        var prepared = Prepare(history);
        var start = prepared.First(e => e.ExecutionStarted is not null);
        if (await engine.ViewAsync(newId).WaitAsync(ct) is not null
            || await engine.WithAsync(newId, actor => actor.StartAsync(start, null, prepared)).WaitAsync(ct) is not StartResult.Started)
        {
            throw new GrpcException(StatusCode.AlreadyExists, $"workflow '{newId}' has already been created");
        }
    }

    private Task<List<HistoryEvent>> ReadSource(InstanceActor source) => source.View switch
    {
        null => throw new GrpcException(StatusCode.NotFound, $"no such instance exists: {request.SourceInstanceID}"),
        { Terminal: false } => throw new GrpcException(
            StatusCode.InvalidArgument, $"'{request.SourceInstanceID}': cannot rerun a workflow that is not in a terminal state"),
        { Start.ExecutionStarted.ParentInstance: not null } => throw new GrpcException(
            StatusCode.InvalidArgument, $"'{request.SourceInstanceID}': cannot rerun a child workflow"),
        _ => source.HistoryAsync(),
    };

    private List<HistoryEvent> Prepare(List<HistoryEvent> history)
    {
        var at = history.FindIndex(e => e.EventId == request.EventID
            && (e.TaskScheduled is not null || e.TimerCreated is not null || e.ChildWorkflowInstanceCreated is not null));
        if (at < 0)
        {
            throw new GrpcException(
                StatusCode.NotFound,
                $"'{request.SourceInstanceID}' has no activity, timer or child workflow with event ID {request.EventID} to rerun from");
        }

        var prepared = history.Take(at + 1).Select(e => e.Clone()).ToList();
        var started = prepared.First(e => e.ExecutionStarted is not null).ExecutionStarted;
        started.WorkflowInstance.InstanceId = newId;
        started.WorkflowInstance.ExecutionId = engine.Rules.NewExecutionId();
        var source = new RerunParentInstanceInfo { InstanceID = request.SourceInstanceID };
        var target = prepared[^1];
        target.Timestamp = engine.Now();
        switch (target.EventTypeCase)
        {
            case HistoryEvent.EventTypeOneofCase.TaskScheduled:
                target.TaskScheduled.RerunParentInstanceInfo = source;
                target.TaskScheduled.Input = request.OverwriteInput ? request.Input : target.TaskScheduled.Input;
                break;
            case HistoryEvent.EventTypeOneofCase.ChildWorkflowInstanceCreated:
                var child = target.ChildWorkflowInstanceCreated;
                child.RerunParentInstanceInfo = source;
                child.Input = request.OverwriteInput ? request.Input : child.Input;

                // The old child's id belongs to the old child.
                child.InstanceId = request.HasNewChildWorkflowInstanceID
                    ? request.NewChildWorkflowInstanceID
                    : $"{newId}:{target.EventId:x4}";
                break;
            default:
                if (request.OverwriteInput)
                {
                    throw new GrpcException(StatusCode.InvalidArgument, "a timer has no input to overwrite");
                }

                target.TimerCreated.RerunParentInstanceInfo = source;
                break;
        }

        return prepared;
    }
}
