using Dapr.Client;
using Dapr.Workflow;
using Dapr.Workflow.Registration;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>The SDK against the embedded sidecar, over its real ports.</summary>
public sealed class EmbeddedSidecarTests : IAsyncLifetime
{
    private static readonly string[] First = ["하나", "둘"];
    private static readonly string[] Second = ["셋"];
    private readonly string _folder = Directory.CreateTempSubdirectory("hello-").FullName;
    private SidecarFixture _sidecar = null!;

    public async Task InitializeAsync() =>
        _sidecar = await SidecarFixture.StartAsync(SidecarFixture.InMemory, new AppSettings { AppId = "hello", ApiToken = "t0ken" });

    public async Task DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_worker_killed_in_the_middle_of_a_step_is_replaced_and_the_workflow_finishes()
    {
        var desk = new HelloWorker.Desk(_folder);
        await using var client = WorkflowClient();
        await using (StartWorker("first"))
        {
            await client.ScheduleNewWorkflowAsync(nameof(HelloWorker.HelloThreeCities), "h1", HelloWorker.Cities).WaitAsync(TimeSpan.FromSeconds(60));
            await Eventually.TrueAsync(() => Said(desk).Length == 2, "the second step is under way", TimeSpan.FromSeconds(60));
        }

        await File.WriteAllTextAsync(desk.MayGoOn, "");
        await using var second = StartWorker("second");
        var state = await client.WaitForWorkflowCompletionAsync("h1").WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal((WorkflowRuntimeStatus.Completed, "Hello Seoul! Hello Busan! Hello Jeju!"), (state.RuntimeStatus, state.ReadOutputAs<string>()));
        var said = Said(desk);
        Assert.Equal(["Seoul", "Busan", "Busan", "Jeju"], said.Select(line => line.Split(' ')[0]));
        Assert.Equal(said[1], said[2]);
        Assert.True(await client.PurgeInstanceAsync("h1"));
        Assert.False((await client.GetWorkflowStateAsync("h1")).Exists);
    }

    [Fact]
    public async Task State_keeps_versions_and_transactions_and_its_metadata_names_the_stores()
    {
        using var client = new DaprClientBuilder()
            .UseGrpcEndpoint(_sidecar["hello"].GrpcEndpoint.ToString())
            .UseHttpEndpoint(_sidecar["hello"].HttpEndpoint.ToString())
            .UseDaprApiToken("t0ken")
            .Build();

        await client.SaveStateAsync("state", "k", First);
        var (value, etag) = await client.GetStateAndETagAsync<string[]>("state", "k");
        var firstWrite = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        var saved = await client.TrySaveStateAsync("state", "k", Second, etag, firstWrite);
        var again = await client.TrySaveStateAsync("state", "k", Second, etag, firstWrite);
        await client.ExecuteStateTransactionAsync(
            "state", [new("a", "1"u8.ToArray(), StateOperationType.Upsert), new("k", null, StateOperationType.Delete)]);
        var bulk = await client.GetBulkStateAsync<int?>("state", ["a", "k"], parallelism: null);
        var refused = await Assert.ThrowsAsync<DaprException>(() => client.GetStateAsync<int>("nowhere", "k"));

        Assert.Equal(First, value);
        Assert.True(saved);
        Assert.False(again);
        Assert.Equal((1, null), (bulk.Single(item => item.Key == "a").Value, bulk.SingleOrDefault(item => item.Key == "k").Value));
        Assert.IsType<Grpc.Core.RpcException>(refused.InnerException);
        Assert.Contains((await client.GetMetadataAsync()).Components, component => component.Name == "state");
        Assert.True(await client.CheckOutboundHealthAsync());
    }

    private static string[] Said(HelloWorker.Desk desk) => File.Exists(desk.Log) ? File.ReadAllLines(desk.Log) : [];

    private DaprWorkflowClient WorkflowClient() => new DaprWorkflowClientBuilder()
        .UseGrpcEndpoint(_sidecar["hello"].GrpcEndpoint.ToString())
        .UseDaprApiToken("t0ken")
        .Build();

    // Disposing kills it with SIGKILL.
    private ChildServer StartWorker(string name) => ChildServer.Start(
        $"exec dotnet '{typeof(HelloWorker).Assembly.Location}'",
        Path.Combine(_folder, name),
        temporary: false,
        environment: new Dictionary<string, string>
        {
            ["DAPR_GRPC_ENDPOINT"] = _sidecar["hello"].GrpcEndpoint.ToString(),
            ["DAPR_API_TOKEN"] = "t0ken",
            [HelloWorker.FolderVariable] = _folder,
        });
}
