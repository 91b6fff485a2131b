using System.Diagnostics;
using Dapr.Common;
using Dapr.Common.Serialization;
using Dapr.Workflow.Client;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow;

/// <inheritdoc cref="IDaprWorkflowClient"/>
public sealed class DaprWorkflowClient : IDaprWorkflowClient
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly GrpcChannel _channel;
    private readonly GrpcInvoker _grpc;
    private readonly IDaprSerializer _serializer;
    private readonly TimeProvider _clock;

    internal DaprWorkflowClient(GrpcChannel channel, string? apiToken, IDaprSerializer serializer, TimeProvider clock)
    {
        _channel = channel;
        _grpc = new GrpcInvoker(channel, TaskHub.Service, apiToken);
        _serializer = serializer;
        _clock = clock;
    }

    /// <inheritdoc/>
    public Task<string> ScheduleNewWorkflowAsync(string name, string? instanceId = null, object? input = null) =>
        ScheduleNewWorkflowAsync(name, instanceId, input, startTime: (DateTimeOffset?)null);

    /// <inheritdoc/>
    public Task<string> ScheduleNewWorkflowAsync(string name, string? instanceId, object? input, DateTime? startTime) =>
        ScheduleNewWorkflowAsync(name, instanceId, input, startTime is { } start ? new DateTimeOffset(start) : (DateTimeOffset?)null);

    /// <inheritdoc/>
    public async Task<string> ScheduleNewWorkflowAsync(
        string name, string? instanceId, object? input, DateTimeOffset? startTime, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var request = new Proto.CreateInstanceRequest
        {
            InstanceId = string.IsNullOrEmpty(instanceId) ? Guid.CreateVersion7(_clock.GetUtcNow()).ToString("N") : instanceId,
            Name = name,
            Input = Write(input),
            ScheduledStartTimestamp = startTime?.ToTimestamp(),
            ParentTraceContext = Trace(),
        };
        var answer = await _grpc.UnaryAsync("StartInstance", request, Proto.CreateInstanceResponse.Parser, cancellation).ConfigureAwait(false);
        return answer.InstanceId;
    }

    /// <inheritdoc/>
    public async Task<WorkflowState> GetWorkflowStateAsync(string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default)
    {
        try
        {
            var answer = await GetAsync("GetInstance", instanceId, getInputsAndOutputs, cancellation).ConfigureAwait(false);
            return new WorkflowState(answer.Exists ? answer.WorkflowState : null, _serializer);
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.NotFound)
        {
            return new WorkflowState(state: null, _serializer);
        }
    }

    /// <inheritdoc/>
    public Task<WorkflowState> WaitForWorkflowStartAsync(string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default) =>
        WaitAsync("WaitForInstanceStart", instanceId, getInputsAndOutputs, cancellation);

    /// <inheritdoc/>
    public async Task<WorkflowState> WaitForWorkflowCompletionAsync(
        string instanceId, bool getInputsAndOutputs = true, CancellationToken cancellation = default)
    {
        // Payloads are fetched once at the end rather than carried by every attempt to wait.
        var state = await WaitAsync("WaitForInstanceCompletion", instanceId, payloads: false, cancellation).ConfigureAwait(false);
        if (!getInputsAndOutputs)
        {
            return state;
        }

        var full = await GetWorkflowStateAsync(instanceId, getInputsAndOutputs: true, cancellation).ConfigureAwait(false);
        return full.Exists ? full : state;
    }

    /// <inheritdoc/>
    public Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var request = new Proto.RaiseEventRequest { InstanceId = instanceId, Name = eventName, Input = Write(eventPayload) };
        return _grpc.UnaryAsync("RaiseEvent", request, Proto.RaiseEventResponse.Parser, cancellation);
    }

    /// <inheritdoc/>
    public Task TerminateWorkflowAsync(string instanceId, object? output = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.TerminateRequest { InstanceId = instanceId, Output = Write(output), Recursive = true };
        return _grpc.UnaryAsync("TerminateInstance", request, Proto.TerminateResponse.Parser, cancellation);
    }

    /// <inheritdoc/>
    public Task SuspendWorkflowAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.SuspendRequest { InstanceId = instanceId, Reason = reason ?? "" };
        return _grpc.UnaryAsync("SuspendInstance", request, Proto.SuspendResponse.Parser, cancellation);
    }

    /// <inheritdoc/>
    public Task ResumeWorkflowAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.ResumeRequest { InstanceId = instanceId, Reason = reason ?? "" };
        return _grpc.UnaryAsync("ResumeInstance", request, Proto.ResumeResponse.Parser, cancellation);
    }

    /// <inheritdoc/>
    public async Task<bool> PurgeInstanceAsync(string instanceId, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.PurgeInstancesRequest { InstanceId = instanceId, Recursive = true };
        var answer = await _grpc.UnaryAsync("PurgeInstances", request, Proto.PurgeInstancesResponse.Parser, cancellation).ConfigureAwait(false);
        return answer.DeletedInstanceCount > 0;
    }

    /// <inheritdoc/>
    public async Task<WorkflowInstancePage> ListInstanceIdsAsync(
        string? continuationToken = null, int? pageSize = null, CancellationToken cancellation = default)
    {
        var request = new Proto.ListInstanceIDsRequest();
        if (continuationToken is not null)
        {
            request.ContinuationToken = continuationToken;
        }

        if (pageSize is { } size)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(pageSize));
            request.PageSize = (uint)size;
        }

        var answer = await _grpc.UnaryAsync("ListInstanceIDs", request, Proto.ListInstanceIDsResponse.Parser, cancellation).ConfigureAwait(false);
        return new WorkflowInstancePage([.. answer.InstanceIds], answer.HasContinuationToken ? answer.ContinuationToken : null);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkflowHistoryEvent>> GetInstanceHistoryAsync(string instanceId, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.GetInstanceHistoryRequest { InstanceId = instanceId };
        var answer = await _grpc.UnaryAsync("GetInstanceHistory", request, Proto.GetInstanceHistoryResponse.Parser, cancellation).ConfigureAwait(false);
        return [.. answer.Events.Select(e => new WorkflowHistoryEvent(e.EventId, HistoryEventTypes.Of(e), e.Timestamp?.ToDateTime() ?? default))];
    }

    /// <inheritdoc/>
    public async Task<string> RerunWorkflowFromEventAsync(
        string sourceInstanceId, uint eventId, RerunWorkflowFromEventOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(sourceInstanceId);
        if (options is { Input: not null, OverwriteInput: false })
        {
            throw new ArgumentException("An input needs OverwriteInput.", nameof(options));
        }

        var request = new Proto.RerunWorkflowFromEventRequest { SourceInstanceID = sourceInstanceId, EventID = eventId };
        if (options?.NewInstanceId is { } newId)
        {
            request.NewInstanceID = newId;
        }

        if (options is { OverwriteInput: true })
        {
            request.OverwriteInput = true;
            request.Input = Write(options.Input);
        }

        var answer = await _grpc.UnaryAsync("RerunWorkflowFromEvent", request, Proto.RerunWorkflowFromEventResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return answer.NewInstanceID;
    }

    /// <summary>Closes the channel.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes the channel.</summary>
    public void Dispose() => _channel.Dispose();

    // No serializer is asked about nothing.
    private string Write(object? value) => value is null ? "" : _serializer.Serialize(value);

    private static Proto.TraceContext? Trace() => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } activity
        ? new Proto.TraceContext { TraceParent = id, TraceState = string.IsNullOrEmpty(activity.TraceStateString) ? null : activity.TraceStateString }
        : null;

    private Task<Proto.GetInstanceResponse> GetAsync(string method, string instanceId, bool payloads, CancellationToken ct)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var request = new Proto.GetInstanceRequest { InstanceId = instanceId, GetInputsAndOutputs = payloads };
        return _grpc.UnaryAsync(method, request, Proto.GetInstanceResponse.Parser, ct);
    }

    private async Task<WorkflowState> WaitAsync(string method, string instanceId, bool payloads, CancellationToken ct)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause / 2 ? pause * 2 : LongestPause)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                var answer = await GetAsync(method, instanceId, payloads, ct).ConfigureAwait(false);
                return answer.Exists
                    ? new WorkflowState(answer.WorkflowState, _serializer)
                    : throw new InvalidOperationException($"Workflow instance '{instanceId}' does not exist");
            }
            catch (RpcException failure) when (failure.StatusCode == StatusCode.Cancelled && ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(failure.Message, failure, ct);
            }
            catch (RpcException failure) when (failure.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                await Task.Delay(pause, _clock, ct).ConfigureAwait(false);
            }
        }
    }
}
