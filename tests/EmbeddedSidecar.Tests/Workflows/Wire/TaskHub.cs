using Dapr.DurableTask.Protobuf;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Tests.Workflows.Wire;

/// <summary>The client calls of TaskHubSidecarService.</summary>
internal sealed class TaskHub(Uri address) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public GrpcWire Wire { get; } = new(address);

    public Task StartAsync(string id, string name, string? input = null, DateTimeOffset? at = null, TimeSpan? deadline = null) =>
        Call<CreateInstanceResponse>(
            "StartInstance",
            new CreateInstanceRequest
            {
                InstanceId = id, Name = name, Input = input, ScheduledStartTimestamp = at is { } time ? Timestamp.FromDateTimeOffset(time) : null,
            },
            deadline);

    public async Task<WorkflowState?> GetAsync(string id, bool payloads = true) =>
        (await Call<GetInstanceResponse>("GetInstance", new GetInstanceRequest { InstanceId = id, GetInputsAndOutputs = payloads })) is { Exists: true } found
            ? found.WorkflowState
            : null;

    public async Task<WorkflowState> StartedAsync(string id, TimeSpan? deadline = null) =>
        (await Call<GetInstanceResponse>(
            "WaitForInstanceStart", new GetInstanceRequest { InstanceId = id, GetInputsAndOutputs = true }, deadline)).WorkflowState;

    public async Task<WorkflowState> CompletedAsync(string id, TimeSpan? deadline = null) =>
        (await Call<GetInstanceResponse>(
            "WaitForInstanceCompletion", new GetInstanceRequest { InstanceId = id, GetInputsAndOutputs = true }, deadline)).WorkflowState;

    public Task RaiseAsync(string id, string name, string? input = null) =>
        Call<RaiseEventResponse>("RaiseEvent", new RaiseEventRequest { InstanceId = id, Name = name, Input = input });

    public Task TerminateAsync(string id, string? output = null, bool recursive = false) =>
        Call<TerminateResponse>("TerminateInstance", new TerminateRequest { InstanceId = id, Output = output, Recursive = recursive });

    public Task SuspendAsync(string id) => Call<SuspendResponse>("SuspendInstance", new SuspendRequest { InstanceId = id });

    public Task ResumeAsync(string id) => Call<ResumeResponse>("ResumeInstance", new ResumeRequest { InstanceId = id });

    public async Task<int> PurgeAsync(string id, bool recursive = false, bool force = false) =>
        (await Call<PurgeInstancesResponse>("PurgeInstances", new PurgeInstancesRequest { InstanceId = id, Recursive = recursive, Force = force }))
        .DeletedInstanceCount;

    public async Task<IReadOnlyList<HistoryEvent>> HistoryAsync(string id) =>
        (await Call<GetInstanceHistoryResponse>("GetInstanceHistory", new GetInstanceHistoryRequest { InstanceId = id })).Events;

    public Task<TResponse> Call<TResponse>(string method, IMessage request, TimeSpan? deadline = null)
        where TResponse : IMessage<TResponse>, new() =>
        Wire.UnaryAsync<TResponse>("/TaskHubSidecarService/" + method, request, deadline ?? Patience);

    public void Dispose() => Wire.Dispose();
}
