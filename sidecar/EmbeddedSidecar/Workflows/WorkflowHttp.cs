using System.Globalization;
using System.Text;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Workflows;

/// <summary>The workflow API over HTTP.</summary>
internal sealed class WorkflowHttp(WorkflowBlock block)
{
    public void Map(HttpRoutes routes)
    {
        foreach (var version in (string[])["v1.0", "v1.0-beta1", "v1.0-alpha1"])
        {
            var root = $"/{version}/workflows/{{component}}/";
            routes.Map("POST", root + "{name}/start", Start);
            routes.Map("GET", root + "{instance}", Get);
            routes.Map("POST", root + "{instance}/raiseEvent/{event}", Raise);
            routes.Map("POST", root + "{instance}/terminate", call => Do(call, WorkflowCalls.TerminateAsync));
            routes.Map("POST", root + "{instance}/pause", call => Do(call, WorkflowCalls.PauseAsync));
            routes.Map("POST", root + "{instance}/resume", call => Do(call, WorkflowCalls.ResumeAsync));
            routes.Map("POST", root + "{instance}/purge", call => Do(call, WorkflowCalls.PurgeAsync));
        }
    }

    private async Task Start(ApiCall call)
    {
        var id = WorkflowCalls.CheckNewId(call.Query("instanceID") is { Length: > 0 } given ? given : block.NewInstanceId());
        var body = await call.BodyAsync();
        await WorkflowCalls.StartAsync(
            Engine(call), id, call.Args[1], body.Length > 0 ? Encoding.UTF8.GetString(body) : null, call.Query("dapr.workflow.start_time"),
            call.Http.Request.Headers[TraceParent.Header], call.Aborted);
        await call.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("instanceID", id);
            json.WriteEndObject();
        }, StatusCodes.Status202Accepted);
    }

    private async Task Get(ApiCall call)
    {
        var view = await Engine(call).ViewAsync(WorkflowCalls.CheckId(call.Args[1])).WaitAsync(call.Aborted) ?? throw WorkflowCalls.Unknown(call.Args[1]);
        await call.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("instanceID", view.InstanceId);
            json.WriteString("workflowName", view.Start.ExecutionStarted.Name);
            json.WriteString("createdAt", Time(view.Start.Timestamp));
            json.WriteString("lastUpdatedAt", Time(view.LastUpdated));
            json.WriteString("runtimeStatus", WorkflowCalls.StatusText(view.Status));
            json.WriteStartObject("properties");
            foreach (var (name, value) in WorkflowCalls.Properties(view))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task Raise(ApiCall call)
    {
        var body = await call.BodyAsync();
        await WorkflowCalls.RaiseAsync(
            Engine(call), WorkflowCalls.CheckId(call.Args[1]), call.Args[2], body.Length > 0 ? Encoding.UTF8.GetString(body) : null, call.Aborted);
        call.Http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private async Task Do(ApiCall call, Func<WorkflowEngine, string, CancellationToken, Task> operation)
    {
        await operation(Engine(call), WorkflowCalls.CheckId(call.Args[1]), call.Aborted);
        call.Http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private WorkflowEngine Engine(ApiCall call)
    {
        try
        {
            return block.EngineOf(call.App);
        }
        catch (GrpcException missing)
        {
            throw new DaprException("ERR_ACTOR_RUNTIME_NOT_FOUND", 500, missing.Code, missing.Detail, missing);
        }
    }

    private static string Time(Google.Protobuf.WellKnownTypes.Timestamp at) =>
        at.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
