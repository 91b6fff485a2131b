using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace EmbeddedSidecar.Workflows;

/// <summary>The workflow methods of dapr.proto.runtime.v1.Dapr, in their Alpha1 and Beta1 names.</summary>
internal sealed class DaprWorkflowRpc(WorkflowBlock block)
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private const string StartTimeOption = "dapr.workflow.start_time";

    public void Map(GrpcRoutes routes)
    {
        foreach (var version in (string[])["Alpha1", "Beta1"])
        {
            routes.MapUnary(Service + "StartWorkflow" + version, Wire.StartWorkflowRequest.Parser, Start);
            routes.MapUnary(Service + "GetWorkflow" + version, Wire.GetWorkflowRequest.Parser, Get);
            routes.MapUnary(Service + "RaiseEventWorkflow" + version, Wire.RaiseEventWorkflowRequest.Parser, (call, request) =>
                Do(call, request.InstanceId, (engine, id) =>
                    WorkflowCalls.RaiseAsync(engine, id, request.EventName, Text(request.EventData), call.Aborted)));
            routes.MapUnary(Service + "TerminateWorkflow" + version, Wire.TerminateWorkflowRequest.Parser, (call, request) =>
                Do(call, request.InstanceId, (engine, id) => WorkflowCalls.TerminateAsync(engine, id, call.Aborted)));
            routes.MapUnary(Service + "PauseWorkflow" + version, Wire.PauseWorkflowRequest.Parser, (call, request) =>
                Do(call, request.InstanceId, (engine, id) => WorkflowCalls.PauseAsync(engine, id, call.Aborted)));
            routes.MapUnary(Service + "ResumeWorkflow" + version, Wire.ResumeWorkflowRequest.Parser, (call, request) =>
                Do(call, request.InstanceId, (engine, id) => WorkflowCalls.ResumeAsync(engine, id, call.Aborted)));
            routes.MapUnary(Service + "PurgeWorkflow" + version, Wire.PurgeWorkflowRequest.Parser, (call, request) =>
                Do(call, request.InstanceId, (engine, id) => WorkflowCalls.PurgeAsync(engine, id, call.Aborted)));
        }
    }

    private async Task<Wire.StartWorkflowResponse> Start(GrpcCall call, Wire.StartWorkflowRequest request)
    {
        var id = WorkflowCalls.CheckNewId(request.InstanceId.Length > 0 ? request.InstanceId : block.NewInstanceId());
        request.Options.TryGetValue(StartTimeOption, out var startTime);
        await WorkflowCalls.StartAsync(
            block.EngineOf(call.App), id, request.WorkflowName, Text(request.Input), startTime, call.Metadata[TraceParent.Header], call.Aborted);
        return new Wire.StartWorkflowResponse { InstanceId = id };
    }

    private async Task<Wire.GetWorkflowResponse> Get(GrpcCall call, Wire.GetWorkflowRequest request)
    {
        if (await block.EngineOf(call.App).ViewAsync(WorkflowCalls.CheckId(request.InstanceId)).WaitAsync(call.Aborted) is not { } view)
        {
            // No error here, as in daprd: an answer without anything but the id.
            return new Wire.GetWorkflowResponse { InstanceId = request.InstanceId };
        }

        var response = new Wire.GetWorkflowResponse
        {
            InstanceId = view.InstanceId,
            WorkflowName = view.Start.ExecutionStarted.Name,
            CreatedAt = view.Start.Timestamp,
            LastUpdatedAt = view.LastUpdated,
            RuntimeStatus = WorkflowCalls.StatusText(view.Status),
        };
        foreach (var (name, value) in WorkflowCalls.Properties(view))
        {
            response.Properties[name] = value;
        }

        return response;
    }

    private async Task<Empty> Do(GrpcCall call, string id, Func<WorkflowEngine, string, Task> operation)
    {
        await operation(block.EngineOf(call.App), WorkflowCalls.CheckId(id));
        return new Empty();
    }

    private static string? Text(ByteString bytes) => bytes.IsEmpty ? null : bytes.ToStringUtf8();
}
