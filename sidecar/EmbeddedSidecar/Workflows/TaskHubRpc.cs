using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Grpc;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Workflows;

/// <summary>TaskHubSidecarService: what workflow workers and workflow clients of all SDKs speak.</summary>
internal sealed class TaskHubRpc(WorkflowBlock block)
{
    private const string Service = "/TaskHubSidecarService/";
    private const int DefaultPage = 1024;

    public void Map(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "Hello", Empty.Parser, (_, _) => Task.FromResult(new Empty()));
        routes.MapUnary(Service + "StartInstance", CreateInstanceRequest.Parser, StartInstance);
        routes.MapUnary(Service + "GetInstance", GetInstanceRequest.Parser, GetInstance);
        routes.MapUnary(Service + "WaitForInstanceStart", GetInstanceRequest.Parser, (call, request) =>
            Wait(call, request, view => view is not (null or { Status: OrchestrationStatus.Pending })));
        routes.MapUnary(Service + "WaitForInstanceCompletion", GetInstanceRequest.Parser, (call, request) =>
            Wait(call, request, view => view is { Terminal: true }));
        routes.MapUnary(Service + "RaiseEvent", RaiseEventRequest.Parser, RaiseEvent);
        routes.MapUnary(Service + "TerminateInstance", TerminateRequest.Parser, Terminate);
        routes.MapUnary(Service + "SuspendInstance", SuspendRequest.Parser, Suspend);
        routes.MapUnary(Service + "ResumeInstance", ResumeRequest.Parser, Resume);
        routes.MapUnary(Service + "PurgeInstances", PurgeInstancesRequest.Parser, Purge);
        routes.MapUnary(Service + "RerunWorkflowFromEvent", RerunWorkflowFromEventRequest.Parser, Rerun);
        routes.MapUnary(Service + "ListInstanceIDs", ListInstanceIDsRequest.Parser, ListInstances);
        routes.MapUnary(Service + "GetInstanceHistory", GetInstanceHistoryRequest.Parser, GetHistory);
        routes.MapServerStream<GetWorkItemsRequest, WorkItem>(Service + "GetWorkItems", GetWorkItemsRequest.Parser, (call, _, writer) =>
            block.EngineOf(call.App).ServeAsync(writer.WriteAsync, call.Aborted));
        routes.MapUnary(Service + "CompleteActivityTask", ActivityResponse.Parser, CompleteActivity);

        // One operation under its old and its new name; no SDK uses both.
        routes.MapUnary(Service + "CompleteOrchestratorTask", WorkflowResponse.Parser, CompleteTurn);
        routes.MapUnary(Service + "CompleteWorkflowTask", WorkflowResponse.Parser, CompleteTurn);
    }

    private async Task<CreateInstanceResponse> StartInstance(GrpcCall call, CreateInstanceRequest request)
    {
        if (request.InstanceId.Length == 0)
        {
            throw new GrpcException(StatusCode.InvalidArgument, "instance id is missing");
        }

        await block.EngineOf(call.App).StartAsync(request, call.Metadata["traceparent"], call.Aborted);
        return new CreateInstanceResponse { InstanceId = request.InstanceId };
    }

    private async Task<GetInstanceResponse> GetInstance(GrpcCall call, GetInstanceRequest request) =>
        Answer(await block.EngineOf(call.App).ViewAsync(request.InstanceId).WaitAsync(call.Aborted), request.GetInputsAndOutputs);

    private async Task<GetInstanceResponse> Wait(GrpcCall call, GetInstanceRequest request, Func<InstanceView?, bool> wished) =>
        Answer(await block.EngineOf(call.App).WatchAsync(request.InstanceId, wished, call.Aborted), request.GetInputsAndOutputs);

    private async Task<RaiseEventResponse> RaiseEvent(GrpcCall call, RaiseEventRequest request)
    {
        await block.EngineOf(call.App).RaiseAsync(request.InstanceId, request.Name, request.Input, call.Aborted);
        return new RaiseEventResponse();
    }

    private async Task<TerminateResponse> Terminate(GrpcCall call, TerminateRequest request)
    {
        await block.EngineOf(call.App).TerminateAsync(request.InstanceId, request.Output, request.Recursive, call.Aborted);
        return new TerminateResponse();
    }

    private async Task<SuspendResponse> Suspend(GrpcCall call, SuspendRequest request)
    {
        await block.EngineOf(call.App).SuspendAsync(request.InstanceId, request.Reason, call.Aborted);
        return new SuspendResponse();
    }

    private async Task<ResumeResponse> Resume(GrpcCall call, ResumeRequest request)
    {
        await block.EngineOf(call.App).ResumeAsync(request.InstanceId, request.Reason, call.Aborted);
        return new ResumeResponse();
    }

    private async Task<PurgeInstancesResponse> Purge(GrpcCall call, PurgeInstancesRequest request)
    {
        if (request.RequestCase is not PurgeInstancesRequest.RequestOneofCase.InstanceId)
        {
            throw new GrpcException(StatusCode.Unimplemented, "purging by filter is not supported");
        }

        var count = await block.EngineOf(call.App)
            .PurgeAsync(request.InstanceId, request.Recursive, request is { HasForce: true, Force: true }, call.Aborted);
        return new PurgeInstancesResponse { DeletedInstanceCount = count };
    }

    private async Task<RerunWorkflowFromEventResponse> Rerun(GrpcCall call, RerunWorkflowFromEventRequest request)
    {
        var newId = request is { HasNewInstanceID: true, NewInstanceID.Length: > 0 } ? request.NewInstanceID : block.NewInstanceId();
        await new Rerun(block.EngineOf(call.App), request, newId).RunAsync(call.Aborted);
        return new RerunWorkflowFromEventResponse { NewInstanceID = newId };
    }

    // A page holds the ids that follow the last one of the page before, so ids that come and go in between disturb nothing.
    private async Task<ListInstanceIDsResponse> ListInstances(GrpcCall call, ListInstanceIDsRequest request)
    {
        var after = request.HasContinuationToken ? request.ContinuationToken : "";
        var size = request is { HasPageSize: true, PageSize: > 0 } ? (int)Math.Min(request.PageSize, int.MaxValue - 1) : DefaultPage;
        var next = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var id in block.EngineOf(call.App).Store.ListAsync(call.Aborted))
        {
            if (string.CompareOrdinal(id, after) > 0 && next.Add(id) && next.Count > size + 1)
            {
                next.Remove(next.Max!);
            }
        }

        var response = new ListInstanceIDsResponse();
        response.InstanceIds.AddRange(next.Take(size));
        if (next.Count > size)
        {
            response.ContinuationToken = response.InstanceIds[^1];
        }

        return response;
    }

    private async Task<GetInstanceHistoryResponse> GetHistory(GrpcCall call, GetInstanceHistoryRequest request)
    {
        var events = await block.EngineOf(call.App).WithAsync(request.InstanceId, actor => actor.View is null
            ? throw new GrpcException(StatusCode.NotFound, $"no such instance exists: {request.InstanceId}")
            : actor.HistoryAsync()).WaitAsync(call.Aborted);
        var response = new GetInstanceHistoryResponse();
        response.Events.AddRange(events);
        return response;
    }

    private async Task<CompleteTaskResponse> CompleteActivity(GrpcCall call, ActivityResponse response)
    {
        await block.EngineOf(call.App).CompleteActivityAsync(response).WaitAsync(call.Aborted);
        return new CompleteTaskResponse();
    }

    private async Task<CompleteTaskResponse> CompleteTurn(GrpcCall call, WorkflowResponse response)
    {
        await block.EngineOf(call.App).CompleteTurnAsync(response);
        return new CompleteTaskResponse();
    }

    private static GetInstanceResponse Answer(InstanceView? view, bool withPayloads) =>
        new() { Exists = view is not null, WorkflowState = view?.ToWire(withPayloads) };
}
