using Dapr.DurableTask.Protobuf;
using Google.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <content>What an instance hands to its children and activities, and hears from its children.</content>
internal sealed partial class InstanceActor
{
    /// <summary>As <see cref="ReceiveAsync"/>, if the run that asked is still the present one.</summary>
    public Task ReceiveForRunAsync(HistoryEvent e, string? executionId)
    {
        ulong generation;
        lock (_gate)
        {
            ThrowIfGone();
            if (!_state.Exists || _state.ExecutionId != (executionId ?? ""))
            {
                return Task.CompletedTask;
            }

            generation = _state.Generation;
        }

        return ReceiveAsync(e, generation);
    }

    /// <summary>The first event of a child.</summary>
    public HistoryEvent StartOfChild(HistoryEvent created)
    {
        lock (_gate)
        {
            var child = created.ChildWorkflowInstanceCreated;
            var start = TurnRules.Event(-1, _engine.Now(), e => e.ExecutionStarted = new ExecutionStartedEvent
            {
                Name = child.Name,
                Version = child.Version,
                Input = child.Input,
                WorkflowInstance = new Dapr.DurableTask.Protobuf.WorkflowInstance
                {
                    InstanceId = child.InstanceId, ExecutionId = _engine.Rules.NewExecutionId(),
                },
                ParentInstance = new ParentInstanceInfo
                {
                    TaskScheduledId = created.EventId,
                    Name = _state.AnyStart!.ExecutionStarted.Name,
                    WorkflowInstance = new Dapr.DurableTask.Protobuf.WorkflowInstance
                    {
                        InstanceId = InstanceId, ExecutionId = _state.ExecutionId,
                    },
                    AppID = _engine.AppId,
                },
                ParentTraceContext = child.ParentTraceContext,
            });
            start.Router = created.Router?.Clone() ?? new TaskRouter { SourceAppID = _engine.AppId };
            return start;
        }
    }

    /// <summary>The history that goes along when the action asked for it: up to the event that asks.</summary>
    public PropagatedHistory? PropagatedFor(HistoryEvent asking)
    {
        var scope = asking.TaskScheduled?.HistoryPropagationScope ?? asking.ChildWorkflowInstanceCreated?.HistoryPropagationScope
            ?? HistoryPropagationScope.None;
        if (scope is HistoryPropagationScope.None)
        {
            return null;
        }

        lock (_gate)
        {
            var propagated = new PropagatedHistory { Scope = scope };
            if (scope is HistoryPropagationScope.Lineage && _state.Propagated is { } ancestors)
            {
                propagated.Chunks.AddRange(ancestors.Chunks);
            }

            var own = new PropagatedHistoryChunk
            {
                AppId = _engine.AppId, InstanceId = InstanceId, WorkflowName = _state.AnyStart?.ExecutionStarted.Name ?? "",
            };
            own.RawEvents.AddRange(_state.History.TakeWhile(e => !ReferenceEquals(e, asking)).Select(e => e.ToByteString()));
            propagated.Chunks.Add(own);
            return propagated;
        }
    }

    /// <summary>Found running in a store that has no index of ours: gives it a slot and takes it up.</summary>
    public async Task AdoptAsync()
    {
        if (View is null or { Terminal: true })
        {
            return;
        }

        await _engine.Live.ReserveAsync(InstanceId, _engine.Stopping);
        Task stored;
        bool write;
        lock (_gate)
        {
            ThrowIfGone();
            _claims = true;
            stored = NextWrite();
            write = MarkChanged();
        }

        StartWriting(write);
        await stored;
        Resume(everything: true);
    }

    /// <summary>The children this run created, and in which app.</summary>
    public List<(string AppId, string InstanceId)> Children()
    {
        lock (_gate)
        {
            return [.. _state.History
                .Where(e => e.ChildWorkflowInstanceCreated is not null)
                .Select(e => (_engine.TargetOf(e), e.ChildWorkflowInstanceCreated.InstanceId))
                .Distinct()];
        }
    }

    /// <summary>True when this run and everything it started has come to an end.</summary>
    public async Task<bool> FinishedWithDescendantsAsync()
    {
        lock (_gate)
        {
            ThrowIfGone();
            if (_state.Exists && !_state.Terminal)
            {
                return false;
            }
        }

        return await DescendantsFinishedAsync();
    }

    private async Task<bool> DescendantsFinishedAsync()
    {
        foreach (var (app, child) in Children())
        {
            if (!await _engine.IsFinishedAsync(app, child))
            {
                return false;
            }
        }

        return true;
    }
}
