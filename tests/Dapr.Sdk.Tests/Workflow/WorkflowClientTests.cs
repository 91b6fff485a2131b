using Dapr.Common.Serialization;
using Dapr.Workflow;
using Dapr.Workflow.Registration;
using Dapr.Workflow.Serialization;
using Eco2.Testing;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

/// <summary>The client alone, from a builder and from the container: the two differ in limits and in how a call that is given up ends.</summary>
public sealed class WorkflowClientTests : IAsyncLifetime
{
    private const string Service = "/TaskHubSidecarService/";
    private ClientOnStandIn<DaprWorkflowClient> _dapr = null!;

    public async Task InitializeAsync() =>
        _dapr = await ClientOnStandIn.StartAsync(address => new DaprWorkflowClientBuilder().UseGrpcEndpoint(address).Build());

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task Suspending_and_resuming_always_say_a_reason_if_an_empty_one()
    {
        var reasons = new List<string?>();
        _dapr.Sidecar.OnUnary(Service + "SuspendInstance", Proto.SuspendRequest.Parser, request =>
        {
            reasons.Add(request.Reason);
            return new Proto.SuspendResponse();
        });
        _dapr.Sidecar.OnUnary(Service + "ResumeInstance", Proto.ResumeRequest.Parser, request =>
        {
            reasons.Add(request.Reason);
            return new Proto.ResumeResponse();
        });

        await _dapr.Client.SuspendWorkflowAsync("i");
        await _dapr.Client.ResumeWorkflowAsync("i");

        Assert.Equal(["", ""], reasons);
    }

    [Fact]
    public async Task An_instance_that_is_not_found_does_not_exist_and_other_failures_are_failures()
    {
        _dapr.Sidecar.On(Service + "GetInstance", call => call.FailAsync(StatusCode.NotFound, "no such instance"));
        var state = await _dapr.Client.GetWorkflowStateAsync("i");
        _dapr.Sidecar.On(Service + "GetInstance", call => call.FailAsync(StatusCode.Internal, "broken"));

        Assert.False(state.Exists);
        await Assert.ThrowsAsync<RpcException>(() => _dapr.Client.GetWorkflowStateAsync("i"));
    }

    [Fact]
    public async Task An_instance_that_goes_between_its_end_and_the_last_look_is_still_told()
    {
        var ended = new Proto.WorkflowState { Name = "W", WorkflowStatus = Proto.OrchestrationStatus.Failed, FailureDetails = new() { ErrorType = "T", StackTrace = "" } };
        _dapr.Sidecar.OnUnary(Service + "WaitForInstanceCompletion", Proto.GetInstanceRequest.Parser, _ => new Proto.GetInstanceResponse { Exists = true, WorkflowState = ended });
        _dapr.Sidecar.OnUnary(Service + "GetInstance", Proto.GetInstanceRequest.Parser, _ => new Proto.GetInstanceResponse());

        var state = await _dapr.Client.WaitForWorkflowCompletionAsync("i");

        Assert.Equal((true, WorkflowRuntimeStatus.Failed), (state.Exists, state.RuntimeStatus));
        Assert.Null(state.FailureDetails!.StackTrace);
    }

    [Fact]
    public async Task Nothing_goes_out_as_nothing_whatever_the_serializer()
    {
        Proto.TerminateRequest? sent = null;
        _dapr.Sidecar.OnUnary(Service + "TerminateInstance", Proto.TerminateRequest.Parser, request =>
        {
            sent = request;
            return new Proto.TerminateResponse();
        });
        await using var shouting = new DaprWorkflowClientBuilder().UseSerializer(new Shouting()).UseGrpcEndpoint(_dapr.Sidecar.Address).Build();

        await shouting.TerminateWorkflowAsync("i");

        Assert.Equal("", sent!.Output);
    }

    [Fact]
    public async Task A_call_that_is_given_up_is_cancelled_by_a_client_of_a_builder_and_refused_by_one_of_the_container()
    {
        _dapr.Sidecar.On(Service + "StartInstance", call => Task.Delay(Timeout.Infinite, call.Aborted));
        _dapr.Sidecar.On(Service + "WaitForInstanceStart", call => Task.Delay(Timeout.Infinite, call.Aborted));
        await using var provider = Services().BuildServiceProvider();
        var registered = provider.GetRequiredService<DaprWorkflowClient>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => GivenUp(1, ct => _dapr.Client.ScheduleNewWorkflowAsync("W", "i", null, (DateTimeOffset?)null, ct)));
        var refused = await Assert.ThrowsAsync<RpcException>(() => GivenUp(2, ct => registered.ScheduleNewWorkflowAsync("W", "i", null, (DateTimeOffset?)null, ct)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => GivenUp(3, ct => registered.WaitForWorkflowStartAsync("i", cancellation: ct)));

        Assert.Equal(StatusCode.Cancelled, refused.StatusCode);
    }

    [Fact]
    public async Task A_client_of_the_container_reads_more_than_4_MiB_unless_a_limit_says_otherwise()
    {
        var big = new Proto.GetInstanceResponse { Exists = true, WorkflowState = new() { Output = $"\"{new string('a', 5 << 20)}\"" } };
        _dapr.Sidecar.OnUnary(Service + "GetInstance", Proto.GetInstanceRequest.Parser, _ => big);
        await using var provider = Services().BuildServiceProvider();
        var limits = Services();
        limits.AddDaprWorkflowBuilder(configureRuntime: null).WithGrpcMessageSizeLimits(maxReceiveMessageSize: 1 << 20);
        await using var limited = limits.BuildServiceProvider();

        var state = await provider.GetRequiredService<DaprWorkflowClient>().GetWorkflowStateAsync("i");
        var refused = await Assert.ThrowsAsync<RpcException>(() => limited.GetRequiredService<DaprWorkflowClient>().GetWorkflowStateAsync("i"));

        Assert.Equal(5 << 20, state.ReadOutputAs<string>()!.Length);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Throws<ArgumentOutOfRangeException>(() => limits.AddDaprWorkflowBuilder(configureRuntime: null).WithGrpcMessageSizeLimits(0));
    }

    [Fact]
    public async Task Registrations_are_checked_at_once_and_a_serializer_of_the_older_kind_is_taken()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IWorkflowSerializer>(new Shouting());

        Assert.Throws<ArgumentNullException>(() => services.AddDaprWorkflow(options => options.RegisterActivity<int, int>("A", null!)));
        Assert.Throws<ArgumentException>(() => services.AddDaprWorkflow(options => options.RegisterWorkflow<int, int>(" ", (_, i) => Task.FromResult(i))));
        services.AddDaprWorkflow();
        await using var provider = services.BuildServiceProvider();

        Assert.IsType<Shouting>(provider.GetRequiredService<IDaprSerializer>());
    }

    private ServiceCollection Services()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("DAPR_GRPC_ENDPOINT", _dapr.Sidecar.Address)]).Build());
        services.AddDaprWorkflow();
        return services;
    }

    private async Task<T> GivenUp<T>(int calls, Func<CancellationToken, Task<T>> call)
    {
        using var cancel = new CancellationTokenSource();
        var running = call(cancel.Token);
        await Eventually.TrueAsync(() => _dapr.Sidecar.Calls.Count == calls, "the call arrived");
        await cancel.CancelAsync();
        return await running;
    }

    /// <summary>Says null for null, in capitals.</summary>
    private sealed class Shouting : JsonDaprSerializer, IWorkflowSerializer, IDaprSerializer
    {
        string IDaprSerializer.Serialize<T>(T value) => "NULL";
    }
}
