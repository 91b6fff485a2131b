using System.Collections.Concurrent;
using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Workflows;

/// <content>What clients ask for: the operations of the workflow APIs, whichever API they come by.</content>
internal sealed partial class WorkflowEngine
{
    private readonly ConcurrentDictionary<string, List<Watcher>> _watchers = new(StringComparer.Ordinal);

    /// <summary>Starts an instance and comes back once a worker has taken its first turn, at once when it is scheduled for later.</summary>
    public async Task StartAsync(CreateInstanceRequest request, string? traceParent, CancellationToken ct)
    {
        // version, tags and execution id of the request are dropped, as daprd drops them.
        var start = TurnRules.Event(-1, Now(), e => e.ExecutionStarted = new ExecutionStartedEvent
        {
            Name = request.Name,
            Input = request.Input,
            WorkflowInstance = new Dapr.DurableTask.Protobuf.WorkflowInstance
            {
                InstanceId = request.InstanceId, ExecutionId = Rules.NewExecutionId(),
            },
            ScheduledStartTimestamp = request.ScheduledStartTimestamp,
            ParentTraceContext = request.ParentTraceContext ?? (traceParent is null ? null : new TraceContext { TraceParent = traceParent }),
        });
        // Workers learn from it which app they are: without it Dapr's package for .NET sends nothing to other apps.
        start.Router = new TaskRouter { SourceAppID = AppId };
        using var span = Telemetry.Creates(start.ExecutionStarted);
        var result = await Telemetry.OperationAsync(
            "create_workflow", Telemetry.Now, WithAsync(request.InstanceId, actor => StartOrExplainAsync(actor, start))).WaitAsync(ct);
        if (result is StartResult.Active)
        {
            throw new GrpcException(StatusCode.AlreadyExists, $"an active workflow with ID '{request.InstanceId}' already exists");
        }

        if (result is StartResult.ChildrenActive)
        {
            throw new GrpcException(StatusCode.AlreadyExists, $"cannot recreate workflow with ID '{request.InstanceId}'");
        }

        if (request.ScheduledStartTimestamp is null)
        {
            await WatchAsync(request.InstanceId, view => view is not { Status: OrchestrationStatus.Pending }, ct);
        }
    }

    /// <summary>Null: no such instance.</summary>
    public Task<InstanceView?> ViewAsync(string instanceId) => WithAsync(instanceId, actor => Task.FromResult(actor.View));

    /// <summary>Waits until the stored state of the instance is as wished; the view is null while there is no such instance.</summary>
    public async Task<InstanceView?> WatchAsync(string instanceId, Func<InstanceView?, bool> wished, CancellationToken ct)
    {
        var watcher = new Watcher(wished);
        var list = _watchers.AddOrUpdate(
            instanceId,
            _ => [watcher],
            (_, others) => [.. others, watcher]);
        try
        {
            // Registered first: what happens from here on is seen either by the watcher or by this look.
            var view = await ViewAsync(instanceId).WaitAsync(ct);
            return wished(view) ? view : await watcher.Seen.Task.WaitAsync(ct);
        }
        finally
        {
            Unwatch(instanceId, watcher);
        }
    }

    public async Task RaiseAsync(string instanceId, string name, string? input, CancellationToken ct) =>
        await Telemetry.OperationAsync("add_event", Telemetry.Now, WithAsync(instanceId, async actor =>
        {
            if (Existing(actor) is { Status: OrchestrationStatus.Stalled })
            {
                throw new GrpcException(StatusCode.Unknown, "workflow is stalled");
            }

            await actor.ReceiveAsync(
                TurnRules.Event(-1, Now(), e => e.EventRaised = new EventRaisedEvent { Name = name, Input = input }), null);
            return true;
        })).WaitAsync(ct);

    public async Task TerminateAsync(string instanceId, string? output, bool recursive, CancellationToken ct)
    {
        await SendAsync(instanceId, e => e.ExecutionTerminated = new ExecutionTerminatedEvent { Input = output, Recurse = recursive }, ct);
        await WatchAsync(instanceId, view => view is null or { Terminal: true }, ct);
    }

    public async Task SuspendAsync(string instanceId, string? reason, CancellationToken ct)
    {
        await SendAsync(instanceId, e => e.ExecutionSuspended = new ExecutionSuspendedEvent { Input = reason }, ct);
        await WatchAsync(instanceId, view => view is null or { Terminal: true } or { Status: OrchestrationStatus.Suspended }, ct);
    }

    public async Task ResumeAsync(string instanceId, string? reason, CancellationToken ct)
    {
        await SendAsync(instanceId, e => e.ExecutionResumed = new ExecutionResumedEvent { Input = reason }, ct);
        await WatchAsync(instanceId, view => view is null or { Terminal: true } or { Status: OrchestrationStatus.Running }, ct);
    }

    /// <summary>Removes an instance and, if asked, its descendants. The number of instances removed.</summary>
    public async Task<int> PurgeAsync(string instanceId, bool recursive, bool force, CancellationToken ct)
    {
        var children = await WithAsync(instanceId, actor =>
        {
            if (Existing(actor) is { Terminal: false } && !force)
            {
                throw new GrpcException(StatusCode.Unknown, "orchestration has not yet completed");
            }

            return Task.FromResult(recursive ? actor.Children() : []);
        }).WaitAsync(ct);
        var purged = 0;
        foreach (var (app, child) in children)
        {
            if (_all.Find(app) is { } engine && await engine.ViewAsync(child).WaitAsync(ct) is not null)
            {
                purged += await engine.PurgeAsync(child, recursive: true, force, ct);
            }
        }

        return await Telemetry.OperationAsync("purge_workflow", Telemetry.Now, WithAsync(instanceId, actor => actor.PurgeAsync(force))).WaitAsync(ct)
            ? purged + 1
            : throw new GrpcException(StatusCode.Unknown, "orchestration has not yet completed");
    }

    /// <summary>Called after each write: what the world may know now.</summary>
    public void Published(string instanceId, InstanceView? view)
    {
        if (_watchers.TryGetValue(instanceId, out var watchers))
        {
            foreach (var watcher in watchers)
            {
                if (watcher.Wished(view))
                {
                    watcher.Seen.TrySetResult(view);
                }
            }
        }
    }

    /// <exception cref="GrpcException">There is no such instance.</exception>
    public static InstanceView Existing(InstanceActor actor) =>
        actor.View ?? throw new GrpcException(StatusCode.Unknown, "no such instance exists");

    private Task<bool> SendAsync(string instanceId, Action<HistoryEvent> content, CancellationToken ct) =>
        Telemetry.OperationAsync("add_event", Telemetry.Now, WithAsync(instanceId, async actor =>
        {
            Existing(actor);
            await actor.ReceiveAsync(TurnRules.Event(-1, Now(), content), null);
            return true;
        })).WaitAsync(ct);

    // A check that needs an app this process does not serve cannot be made: the caller may try again.
    private static async Task<StartResult> StartOrExplainAsync(InstanceActor actor, HistoryEvent start)
    {
        try
        {
            return await actor.StartAsync(start, null, null);
        }
        catch (InvalidOperationException unreachable) when (unreachable is not ObjectDisposedException)
        {
            throw new GrpcException(StatusCode.Unavailable, unreachable.Message);
        }
    }

    private void Unwatch(string instanceId, Watcher watcher)
    {
        while (_watchers.TryGetValue(instanceId, out var list))
        {
            var rest = list.Where(w => w != watcher).ToList();
            if (rest.Count == 0
                ? _watchers.TryRemove(KeyValuePair.Create(instanceId, list))
                : _watchers.TryUpdate(instanceId, rest, list))
            {
                return;
            }
        }
    }

    private sealed class Watcher(Func<InstanceView?, bool> wished)
    {
        public Func<InstanceView?, bool> Wished { get; } = wished;

        public TaskCompletionSource<InstanceView?> Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
