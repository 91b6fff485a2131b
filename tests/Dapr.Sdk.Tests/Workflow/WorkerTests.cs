using System.Threading.Channels;
using Dapr.Workflow;
using Eco2.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

public sealed class WorkerTests : IAsyncLifetime
{
    private const string Service = "/TaskHubSidecarService/";
    private readonly Channel<Proto.WorkItem> _items = Channel.CreateUnbounded<Proto.WorkItem>();
    private readonly Channel<Proto.ActivityResponse> _activities = Channel.CreateUnbounded<Proto.ActivityResponse>();
    private readonly Channel<Proto.WorkflowResponse> _turns = Channel.CreateUnbounded<Proto.WorkflowResponse>();
    private GrpcStandIn _sidecar = null!;
    private IHost _host = null!;

    public async Task InitializeAsync()
    {
        _sidecar = await GrpcStandIn.StartAsync();
        _sidecar.OnUnary(Service + "Hello", Empty.Parser, _ => new Empty());
        _sidecar.OnUnary(Service + "CompleteActivityTask", Proto.ActivityResponse.Parser, response => Take(_activities, response));
        _sidecar.OnUnary(Service + "CompleteOrchestratorTask", Proto.WorkflowResponse.Parser, response => Take(_turns, response));
        _sidecar.On(Service + "GetWorkItems", async call =>
        {
            await call.FlushHeadersAsync();
            await foreach (var item in _items.Reader.ReadAllAsync(call.Aborted))
            {
                await call.SendAsync(item);
            }
        });
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("DAPR_GRPC_ENDPOINT", _sidecar.Address), new("DAPR_API_TOKEN", "t0ken")]);
        builder.Services.AddSingleton(new Greeting("Hi"));
        builder.Services.AddDaprWorkflow(options =>
        {
            options.RegisterWorkflow<HelloWorkflow>();
            options.RegisterActivity<GreetActivity>();
            options.RegisterActivity<string, string>("Break", (_, _) => throw new FormatException("no good"));
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        await _sidecar.DisposeAsync();
    }

    [Fact]
    public async Task A_turn_is_answered_with_its_actions_and_the_token_it_came_with()
    {
        await _items.Writer.WriteAsync(Turn("HELLOworkflow", "\"Ann\"", "tok"));

        var response = await _turns.Reader.ReadAsync();

        Assert.Equal(("i1", "tok"), (response.InstanceId, response.CompletionToken));
        Assert.Equal("GreetActivity", Assert.Single(response.Actions).ScheduleTask.Name);
        Assert.Equal("t0ken", _sidecar.Calls.First(call => call.Path.EndsWith("GetWorkItems", StringComparison.Ordinal)).Headers["dapr-api-token"]);
    }

    [Fact]
    public async Task An_activity_gets_its_dependencies_and_answers_with_json()
    {
        await _items.Writer.WriteAsync(Activity("GreetActivity", "\"Ann\""));

        var response = await _activities.Reader.ReadAsync();

        Assert.Equal(("i1", 4, "\"Hi Ann i1 key-1\""), (response.InstanceId, response.TaskId, response.Result));
    }

    [Fact]
    public async Task Failures_tell_the_exceptions_type_and_unknown_names_are_failures_too()
    {
        await _items.Writer.WriteAsync(Activity("Break", "\"x\""));
        var broken = await _activities.Reader.ReadAsync();
        await _items.Writer.WriteAsync(Activity("Nobody", "\"x\""));
        var unknown = await _activities.Reader.ReadAsync();
        await _items.Writer.WriteAsync(Turn("Nobody", "1", ""));
        var turn = await _turns.Reader.ReadAsync();

        Assert.Equal(("System.FormatException", "no good"), (broken.FailureDetails.ErrorType, broken.FailureDetails.ErrorMessage));
        Assert.Equal("ActivityNotFoundException", unknown.FailureDetails.ErrorType);
        Assert.Equal("WorkflowNotFound", turn.Completion()!.FailureDetails.ErrorType);
    }

    [Fact]
    public async Task The_worker_says_hello_and_the_client_uses_the_same_configuration()
    {
        await Eventually.TrueAsync(() => _sidecar.Calls.Any(call => call.Path == Service + "Hello"), "a greeting came");
        Proto.CreateInstanceRequest? started = null;
        _sidecar.OnUnary(Service + "StartInstance", Proto.CreateInstanceRequest.Parser, request =>
        {
            started = request;
            return new Proto.CreateInstanceResponse { InstanceId = request.InstanceId };
        });
        var client = _host.Services.GetRequiredService<DaprWorkflowClient>();

        var id = await client.ScheduleNewWorkflowAsync("HelloWorkflow", "o1", 5);

        Assert.Equal(("o1", "HelloWorkflow", "5"), (id, started!.Name, started.Input));
    }

    [Fact]
    public async Task Waiting_goes_on_over_lost_connections_and_an_unknown_instance_is_an_error()
    {
        var tries = 0;
        _sidecar.On(Service + "WaitForInstanceCompletion", call => Interlocked.Increment(ref tries) < 3
            ? call.FailAsync(StatusCode.Unavailable, "later")
            : call.SendAsync(new Proto.GetInstanceResponse { Exists = true, WorkflowState = new() { InstanceId = "o1" } }));
        _sidecar.OnUnary(Service + "GetInstance", Proto.GetInstanceRequest.Parser, request => request.InstanceId == "o1"
            ? new Proto.GetInstanceResponse
            {
                Exists = true,
                WorkflowState = new() { Name = "W", WorkflowStatus = Proto.OrchestrationStatus.Completed, Output = "7" },
            }
            : new Proto.GetInstanceResponse());
        var client = _host.Services.GetRequiredService<DaprWorkflowClient>();

        var state = await client.WaitForWorkflowCompletionAsync("o1");
        var unknown = await client.GetWorkflowStateAsync("o2");
        _sidecar.OnUnary(Service + "WaitForInstanceStart", Proto.GetInstanceRequest.Parser, _ => new Proto.GetInstanceResponse());

        Assert.Equal((3, 7, true), (tries, state.ReadOutputAs<int>(), state.IsWorkflowCompleted));
        Assert.Equal((false, WorkflowRuntimeStatus.Unknown), (unknown.Exists, unknown.RuntimeStatus));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.WaitForWorkflowStartAsync("o2"));
    }

    [Fact]
    public async Task The_first_registration_of_a_name_stays()
    {
        var services = new ServiceCollection();
        services.AddDaprWorkflow(options =>
        {
            options.RegisterActivity<int, int>("A", (_, i) => Task.FromResult(i + 1));
            options.RegisterActivity<int, int>("a", (_, i) => Task.FromResult(i + 2));
        });
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<Dapr.Workflow.Worker.IWorkflowsFactory>();

        Assert.True(factory.TryCreateActivity("a", provider, out var activity, out _));
        Assert.Equal(2, await activity!.RunAsync(null!, (object)1));
    }

    private static Proto.CompleteTaskResponse Take<T>(Channel<T> channel, T response)
    {
        channel.Writer.TryWrite(response);
        return new Proto.CompleteTaskResponse();
    }

    private static Proto.WorkItem Turn(string name, string input, string token) => new()
    {
        CompletionToken = token,
        WorkflowRequest = new Proto.WorkflowRequest
        {
            InstanceId = "i1",
            NewEvents =
            {
                new Proto.HistoryEvent { EventId = -1, Timestamp = History.Start.ToTimestamp(), WorkflowStarted = new() },
                new Proto.HistoryEvent { EventId = -1, Timestamp = History.Start.ToTimestamp(), ExecutionStarted = new() { Name = name, Input = input } },
            },
        },
    };

    private static Proto.WorkItem Activity(string name, string input) => new()
    {
        ActivityRequest = new Proto.ActivityRequest
        {
            Name = name, Input = input, TaskId = 4, TaskExecutionId = "key-1", WorkflowInstance = new() { InstanceId = "i1" },
        },
    };

    public sealed record Greeting(string Word);

    public sealed class HelloWorkflow : Workflow<string, string>
    {
        public override Task<string> RunAsync(WorkflowContext context, string input) =>
            context.CallActivityAsync<string>(nameof(GreetActivity), input);
    }

    public sealed class GreetActivity(Greeting greeting) : WorkflowActivity<string, string>
    {
        public override Task<string> RunAsync(WorkflowActivityContext context, string input) =>
            Task.FromResult($"{greeting.Word} {input} {context.InstanceId} {context.TaskExecutionKey}");
    }
}
