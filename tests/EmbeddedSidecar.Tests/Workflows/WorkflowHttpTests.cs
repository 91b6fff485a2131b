using System.Net;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

/// <summary>Dapr's own workflow API, over HTTP and over gRPC in both its old names.</summary>
public sealed class WorkflowHttpTests(InMemoryWorkflows store) : WorkflowTests(store), IClassFixture<InMemoryWorkflows>
{
    [Theory]
    [InlineData("v1.0")]
    [InlineData("v1.0-beta1")]
    [InlineData("v1.0-alpha1")]
    public async Task The_whole_life_of_a_workflow_over_http(string version)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Host.Apps[0].HttpEndpoint, $"/{version}/workflows/dapr/") };
        Worker(request => request.All().FirstOrDefault(e => e.EventRaised is not null) is { } raised
            ? new Dapr.DurableTask.Protobuf.WorkflowResponse { CustomStatus = "\"c\"", Actions = { Complete(0, raised.EventRaised.Input) } }
            : Answer());

        using var started = await http.PostAsync("Order/start?instanceID=x-1", new StringContent("{\"a\":1}", Encoding.UTF8, "application/json"));
        using var paused = await http.PostAsync("x-1/pause", null);
        var suspended = await http.GetStringAsync("x-1");
        using var resumed = await http.PostAsync("x-1/resume", null);
        using var raised = await http.PostAsync("x-1/raiseEvent/go", new StringContent("\"ev\""));
        await Hub.CompletedAsync("x-1");
        using var done = JsonDocument.Parse(await http.GetStringAsync("x-1"));
        using var purged = await http.PostAsync("x-1/purge", null);
        using var gone = await http.GetAsync("x-1");

        Assert.Equal((HttpStatusCode.Accepted, "{\"instanceID\":\"x-1\"}"), (started.StatusCode, await started.Content.ReadAsStringAsync()));
        Assert.All([paused, resumed, raised, purged], r => Assert.Equal(HttpStatusCode.Accepted, r.StatusCode));
        Assert.Contains("\"runtimeStatus\":\"SUSPENDED\"", suspended, StringComparison.Ordinal);
        var root = done.RootElement;
        Assert.Equal(("x-1", "Order", "COMPLETED"), (Text(root, "instanceID"), Text(root, "workflowName"), Text(root, "runtimeStatus")));
        var properties = root.GetProperty("properties");
        Assert.Equal(("{\"a\":1}", "\"ev\"", "\"c\""), (Text(properties, "dapr.workflow.input"), Text(properties, "dapr.workflow.output"), Text(properties, "dapr.workflow.custom_status")));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Contains("ERR_INSTANCE_ID_NOT_FOUND", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Order/start?instanceID=not.allowed", "ERR_INSTANCE_ID_INVALID", 400)]
    [InlineData("Order/start?instanceID=12345678901234567890123456789012345678901234567890123456789012345", "ERR_INSTANCE_ID_TOO_LONG", 400)]
    [InlineData("unknown/terminate", "ERR_INSTANCE_ID_NOT_FOUND", 404)]
    [InlineData("not.new.but.long.enough.to.be.refused.where.an.instance.is.started/pause", "ERR_PAUSE_WORKFLOW", 500)]
    [InlineData("unknown/pause", "ERR_PAUSE_WORKFLOW", 500)]
    [InlineData("unknown/resume", "ERR_RESUME_WORKFLOW", 500)]
    [InlineData("unknown/purge", "ERR_INSTANCE_ID_NOT_FOUND", 404)]
    [InlineData("unknown/raiseEvent/e", "ERR_RAISE_EVENT_WORKFLOW", 500)]
    public async Task Refusals_carry_their_code(string path, string code, int status)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Host.Apps[0].HttpEndpoint, "/v1.0/workflows/dapr/") };

        using var response = await http.PostAsync(path, null);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains($"\"errorCode\":\"{code}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Alpha1")]
    [InlineData("Beta1")]
    public async Task The_same_over_grpc(string version)
    {
        Worker(request => request.All().Any(e => e.ExecutionTerminated is not null) ? Answer(Complete(0, null, Dapr.DurableTask.Protobuf.OrchestrationStatus.Terminated)) : Answer());

        var started = await Call<StartWorkflowResponse>("StartWorkflow", new StartWorkflowRequest
        {
            InstanceId = "g", WorkflowComponent = "dapr", WorkflowName = "Order", Input = ByteString.CopyFromUtf8("5"),
        });
        await Call<Empty>("RaiseEventWorkflow", new RaiseEventWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr", EventName = "e" });
        await Call<Empty>("PauseWorkflow", new PauseWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr" });
        var paused = await Get();
        await Call<Empty>("ResumeWorkflow", new ResumeWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr" });
        await Call<Empty>("TerminateWorkflow", new TerminateWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr" });
        var terminated = await Get();
        await Call<Empty>("PurgeWorkflow", new PurgeWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr" });
        var gone = await Get();
        var unnamed = await Assert.ThrowsAsync<WireException>(() =>
            Call<StartWorkflowResponse>("StartWorkflow", new StartWorkflowRequest { InstanceId = "h", WorkflowComponent = "dapr" }));

        Assert.Equal("g", started.InstanceId);
        Assert.Equal(("SUSPENDED", "5"), (paused.RuntimeStatus, paused.Properties["dapr.workflow.input"]));
        Assert.Equal("TERMINATED", terminated.RuntimeStatus);
        // Over gRPC an instance that is not there is no error.
        Assert.Equal(new GetWorkflowResponse { InstanceId = "g" }, gone);
        Assert.Equal(3, unnamed.Code);

        Task<GetWorkflowResponse> Get() => Call<GetWorkflowResponse>("GetWorkflow", new GetWorkflowRequest { InstanceId = "g", WorkflowComponent = "dapr" });

        Task<T> Call<T>(string method, IMessage request)
            where T : IMessage<T>, new() => Hub.Wire.UnaryAsync<T>($"/dapr.proto.runtime.v1.Dapr/{method}{version}", request);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
