using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <content>What follows from stored turns: activities, timers, children, and how a start picks all of it up again.</content>
internal sealed partial class WorkflowEngine
{
    private const int RecoveredAtOnce = 64;

    /// <summary>Sets in motion what a stored event asks for. Asking twice does no harm.</summary>
    public void Dispatch(InstanceActor actor, HistoryEvent e, ulong generation)
    {
        var instanceId = actor.InstanceId;
        switch (e.EventTypeCase)
        {
            case HistoryEvent.EventTypeOneofCase.TaskScheduled:
                if (_all.Find(TargetOf(e)) is { } target)
                {
                    target.Tasks.Add(new PendingTask(this, instanceId, generation, e, actor.PropagatedFor(e)));
                }
                else
                {
                    AppMissing(_log, TargetOf(e), instanceId);
                    After(RetryDelay, () => Dispatch(actor, e, generation));
                }

                break;
            case HistoryEvent.EventTypeOneofCase.TimerCreated when e.TimerCreated.FireAt.Seconds < Never:
                At(e.TimerCreated.FireAt.ToDateTimeOffset(), () => Run(() => WithAsync(
                    instanceId,
                    due => due.ReceiveAsync(
                        TurnRules.Event(-1, Now(), fired => fired.TimerFired = new TimerFiredEvent
                        {
                            TimerId = e.EventId, FireAt = e.TimerCreated.FireAt,
                        }),
                        generation))));
                break;
            case HistoryEvent.EventTypeOneofCase.ChildWorkflowInstanceCreated:
                Run(() => StartChildAsync(actor, e, generation));
                break;
        }
    }

    /// <summary>Starts the child unless it is there. A child that came to its end unnoticed gives its result again.</summary>
    public async Task StartChildAsync(InstanceActor parent, HistoryEvent e, ulong generation)
    {
        var created = e.ChildWorkflowInstanceCreated;
        var start = parent.StartOfChild(e);
        var propagated = parent.PropagatedFor(e);
        var target = await EngineAsync(TargetOf(e), parent.InstanceId);
        var (result, known) = await target.WithAsync(created.InstanceId, async child =>
        {
            var started = await child.StartAsync(start, propagated, null);
            return (started, started is StartResult.Ours ? child.ResultForParent() : null);
        });
        if (result is StartResult.Active or StartResult.ChildrenActive)
        {
            known = TurnRules.Event(-1, Now(), failed => failed.ChildWorkflowInstanceFailed = new ChildWorkflowInstanceFailedEvent
            {
                TaskScheduledId = e.EventId,
                FailureDetails = new TaskFailureDetails
                {
                    ErrorType = "WorkflowInstanceAlreadyExists",
                    ErrorMessage = $"a workflow with ID '{created.InstanceId}' already exists",
                },
            });
        }

        if (known is not null)
        {
            await WithAsync(parent.InstanceId, actor => actor.ReceiveAsync(known, generation));
        }
    }

    public async Task TellParentAsync(ParentInstanceInfo parent, HistoryEvent result)
    {
        var engine = await EngineAsync(parent is { HasAppID: true, AppID.Length: > 0 } ? parent.AppID : AppId, parent.WorkflowInstance.InstanceId);
        await engine.WithAsync(
            parent.WorkflowInstance.InstanceId, actor => actor.ReceiveForRunAsync(result, parent.WorkflowInstance.ExecutionId));
    }

    public async Task TerminateChildAsync(string appId, string instanceId)
    {
        var engine = await EngineAsync(appId, instanceId);
        await engine.WithAsync(instanceId, actor => actor.View is null or { Terminal: true }
            ? Task.CompletedTask
            : actor.ReceiveAsync(
                TurnRules.Event(-1, Now(), e => e.ExecutionTerminated = new ExecutionTerminatedEvent { Recurse = true }), null));
    }

    /// <summary>True when that instance and its descendants are finished or gone.</summary>
    public async Task<bool> IsFinishedAsync(string appId, string instanceId) =>
        _all.Find(appId) is { } engine
            ? await engine.WithAsync(instanceId, actor => actor.FinishedWithDescendantsAsync())
            : throw new InvalidOperationException($"App {appId}, which runs child {instanceId}, is not served by this sidecar.");

    /// <summary>Which app does what the event asks for.</summary>
    public string TargetOf(HistoryEvent e) =>
        e.Router is { HasTargetAppID: true, TargetAppID.Length: > 0 } router ? router.TargetAppID : AppId;

    /// <summary>
    /// Takes up, in the background, every instance that was running when the process ended, however it ended. What was out with workers
    /// is sent again, timers that came due fire now, children and parents are told what they have not heard.
    /// </summary>
    public void Recover() => Run(async () =>
    {
        var running = await Live.ReadAsync(Stopping);
        Run(() => TakeUpAsync(running));
        if (Live.IsIncomplete)
        {
            Run(AdoptAsync);
        }
    });

    private Task TakeUpAsync(IReadOnlyCollection<string> running) => Parallel.ForEachAsync(
        running,
        new ParallelOptions { MaxDegreeOfParallelism = RecoveredAtOnce, CancellationToken = Stopping },
        async (instanceId, _) => await WithAsync(instanceId, RecoverAsync));

    // First start on this store, or the first to come so far: whatever a daprd left running has no slot yet.
    private async Task AdoptAsync()
    {
        await foreach (var instanceId in Store.ListAsync(Stopping))
        {
            if (!Live.Has(instanceId))
            {
                await WithAsync(instanceId, actor => actor.AdoptAsync());
            }
        }

        await Live.AdoptedAsync(Stopping);
    }

    private async Task RecoverAsync(InstanceActor actor)
    {
        if (actor.View is not null)
        {
            actor.Resume(everything: true);
        }
        else if (Live.Release(actor.InstanceId) is { } release)
        {
            await CommitAsync(actor.InstanceId, [release], null);
            Live.Released(actor.InstanceId);
        }
    }

    private async Task<WorkflowEngine> EngineAsync(string appId, string instanceId)
    {
        while (true)
        {
            if (_all.Find(appId) is { } engine)
            {
                return engine;
            }

            AppMissing(_log, appId, instanceId);
            await Task.Delay(RetryDelay, Clock, Stopping);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId}, which workflow {InstanceId} needs, is not served by this sidecar; trying again")]
    private static partial void AppMissing(ILogger log, string appId, string instanceId);
}
