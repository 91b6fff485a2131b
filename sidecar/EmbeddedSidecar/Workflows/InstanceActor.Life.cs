using Dapr.DurableTask.Protobuf;
using EventKind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;

namespace EmbeddedSidecar.Workflows;

/// <summary>What came of the wish to start an instance.</summary>
internal enum StartResult
{
    Started,

    /// <summary>The id belongs to a run that is not finished.</summary>
    Active,

    /// <summary>The former run is finished, but children of it are not.</summary>
    ChildrenActive,

    /// <summary>It is there already, started by this very parent for this very action.</summary>
    Ours,
}

/// <content>Beginning and end of an instance.</content>
internal sealed partial class InstanceActor
{
    private bool _claims;
    private int _pendingDuties;

    /// <summary>Starts the instance unless it is there; a finished one is replaced when all its descendants are finished too.</summary>
    /// <param name="prepared">History to begin with, for a rerun; null for a fresh start.</param>
    public async Task<StartResult> StartAsync(HistoryEvent start, PropagatedHistory? propagated, IReadOnlyList<HistoryEvent>? prepared)
    {
        ulong? checkedGeneration = null;
        while (true)
        {
            await IdleAsync();
            Task? stored = null;
            var (write, needsSlot) = (false, false);
            lock (_gate)
            {
                ThrowIfGone();
                if (IsBusy)
                {
                    continue;
                }

                if (_state.Exists)
                {
                    if (IsChildOf(start.ExecutionStarted.ParentInstance))
                    {
                        return StartResult.Ours;
                    }

                    if (!_state.Terminal)
                    {
                        return StartResult.Active;
                    }
                }

                if (_state.Exists && checkedGeneration != _state.Generation)
                {
                    checkedGeneration = _state.Generation;
                }
                else if (_engine.Live.Has(InstanceId))
                {
                    Begin(start, propagated, prepared);
                    stored = NextWrite();
                    write = !ShareWriteOfTurn() && MarkChanged();
                }
                else
                {
                    // The end of the former run gives its slot back, at any moment but this one.
                    needsSlot = true;
                }
            }

            StartWriting(write);
            if (stored is not null)
            {
                await stored;
                return StartResult.Started;
            }

            if (needsSlot)
            {
                await _engine.Live.ReserveAsync(InstanceId, _engine.Stopping);
                continue;
            }

            if (!await DescendantsFinishedAsync())
            {
                return StartResult.ChildrenActive;
            }
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

    /// <summary>The stored history.</summary>
    public async Task<List<HistoryEvent>> HistoryAsync()
    {
        while (true)
        {
            await IdleAsync();
            lock (_gate)
            {
                ThrowIfGone();
                if (!IsBusy)
                {
                    return [.. _state.History];
                }
            }
        }
    }

    /// <summary>Removes the instance. False: it has not finished, and force was not asked for.</summary>
    public async Task<bool> PurgeAsync(bool force)
    {
        StoredShape stored;
        List<int> open;
        while (true)
        {
            await IdleAsync();
            lock (_gate)
            {
                ThrowIfGone();
                if (IsBusy)
                {
                    continue;
                }

                if (!_state.Terminal && !force)
                {
                    return false;
                }

                _isGone = true;
                stored = _stored;
                open = [.. _state.Open.Keys];
                if (_turnItem is { } item)
                {
                    _engine.Queue.Finish(item);
                }

                break;
            }
        }

        var operations = _engine.Store.Erase(InstanceId, stored);
        if (_engine.Live.Release(InstanceId) is { } release)
        {
            operations.Add(release);
        }

        await _engine.CommitAsync(InstanceId, operations, null);
        _engine.Live.Released(InstanceId);
        _engine.Tasks.Drop(InstanceId, open);
        _engine.Forget(this);
        _gone.TrySetResult();
        _engine.Published(InstanceId, null);
        return true;
    }

    /// <summary>After loading: arms and sends again what the state says is outstanding.</summary>
    /// <param name="everything">Also what cannot be lost while the process lives: children and what a finished run still owes.</param>
    public void Resume(bool everything)
    {
        lock (_gate)
        {
            if (!_state.Exists)
            {
                return;
            }

            var generation = _state.Generation;
            foreach (var e in _state.Outstanding)
            {
                if (e.TaskScheduled is not null
                    || (e.TimerCreated is not null && !_state.Terminal)
                    || (e.ChildWorkflowInstanceCreated is not null && everything))
                {
                    _engine.Dispatch(this, e, generation);
                }
            }

            if (_state.Terminal)
            {
                if (everything && _pendingDuties == 0)
                {
                    Owe(_state.History.Any(e => e.ExecutionTerminated is { Recurse: true }), generation);
                }

                return;
            }

            ArmStart();

            // A run that began by continue-as-new may have been stored without its first turn.
            StartTurn(force: everything && generation > 0 && _state.Inbox.Count == 0
                && _state.History.Count == 2 && _state.History[1].ExecutionStarted is not null);
        }
    }

    /// <summary>A child's counterpart: what this finished run tells its parent. Null while it runs.</summary>
    public HistoryEvent? ResultForParent()
    {
        lock (_gate)
        {
            return View is { Terminal: true, Start.ExecutionStarted.ParentInstance: { } parent } view
                ? ChildResult(parent.TaskScheduledId, view.Completed!)
                : null;
        }
    }

    private void Begin(HistoryEvent start, PropagatedHistory? propagated, IReadOnlyList<HistoryEvent>? prepared)
    {
        _state = new InstanceState(InstanceId, _state.Exists ? _state.Generation + 1 : 0) { Propagated = propagated };
        _settled = false;
        _firstTurnTold = false;
        _claims = true;
        if (prepared is null)
        {
            _state.Receive(start);
            ArmStart();
            StartTurn(force: false);
        }
        else
        {
            _state.Load(prepared, []);
            AfterWrite(() => Resume(everything: true));
        }
    }

    private void ArmStart()
    {
        if (_state.Start is null && _state.AnyStart?.ExecutionStarted.ScheduledStartTimestamp is { } at)
        {
            var generation = _state.Generation;
            _engine.At(at.ToDateTimeOffset(), () => _engine.WithLoaded(InstanceId, actor => actor.StartDue(generation)));
        }
    }

    private void StartDue(ulong generation)
    {
        lock (_gate)
        {
            ThrowIfGone();
            if (_state.Generation == generation && _state.Start is null)
            {
                StartTurn(force: false);
                if (_turn is null && _state.AnyStart?.ExecutionStarted.ScheduledStartTimestamp?.ToDateTimeOffset() > _engine.Clock.GetUtcNow())
                {
                    // The clock was set back meanwhile.
                    ArmStart();
                }
            }
        }
    }

    // Under the lock, when the run has just come to its end.
    private void Finish(bool terminateChildren)
    {
        var status = _state.Status;
        var started = _state.Start!;
        var began = (_state.FirstTurnAt ?? started.Timestamp).ToDateTimeOffset();
        var generation = _state.Generation;
        var owes = terminateChildren || _state.Start!.ExecutionStarted.ParentInstance is not null || _state.Open.Count > 0
            || _engine.Retention.Of(status) is not null;
        _settled = !owes;
        AfterWrite(() => _engine.Telemetry.Finished(started, began, status));
        if (owes)
        {
            AfterWrite(() =>
            {
                lock (_gate)
                {
                    Owe(terminateChildren, generation);
                }
            });
        }
    }

    // What must still reach others keeps the instance in the live index, so that a start after a crash finds it.
    private void Owe(bool terminateChildren, ulong generation)
    {
        var children = terminateChildren ? Children() : [];
        var parent = _state.Start?.ExecutionStarted.ParentInstance;
        var result = parent is null ? null : ChildResult(parent.TaskScheduledId, _state.Completed!.ExecutionCompleted);
        var starts = _state.Open.Values.Where(e => e.EventTypeCase is EventKind.ChildWorkflowInstanceCreated).ToList();
        _pendingDuties++;
        _engine.Run(async () =>
        {
            if (result is not null)
            {
                await _engine.TellParentAsync(parent!, result);
            }

            foreach (var e in starts)
            {
                await _engine.StartChildAsync(this, e, generation);
            }

            foreach (var (app, child) in children)
            {
                await _engine.TerminateChildAsync(app, child);
            }

            Settle(generation);
        });
    }

    private void Settle(ulong generation)
    {
        bool write;
        lock (_gate)
        {
            _pendingDuties--;
            if (_isGone || _state.Generation != generation || !_state.Terminal)
            {
                return;
            }

            if (_engine.Retention.Of(_state.Status) is { } keep)
            {
                // The slot stays until the purge, for a start has to find it.
                var at = _state.Completed!.Timestamp.ToDateTimeOffset() + keep;
                _engine.At(at, () => _engine.WithLoaded(InstanceId, actor => actor.PurgeIf(generation)));
                return;
            }

            write = TrySettle() && MarkChanged();
        }

        StartWriting(write);
    }

    // Activities nobody waits for are still to be run: as long as one is out, a start after a crash must find the instance.
    private bool TrySettle() =>
        _settled = _state.Terminal && _pendingDuties == 0 && _state.Open.Values.All(e => e.TaskScheduled is null);

    private void PurgeIf(ulong generation)
    {
        lock (_gate)
        {
            ThrowIfGone();
            if (_state.Generation != generation || !_state.Terminal)
            {
                return;
            }
        }

        _engine.Run(() => PurgeAsync(force: false));
    }

    private bool IsChildOf(ParentInstanceInfo? parent) =>
        parent is not null && _state.AnyStart?.ExecutionStarted.ParentInstance is { } mine
        && mine.TaskScheduledId == parent.TaskScheduledId
        && mine.WorkflowInstance.Equals(parent.WorkflowInstance)
        && mine.AppID == parent.AppID;

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

    private HistoryEvent ChildResult(int taskScheduledId, ExecutionCompletedEvent completed) =>
        TurnRules.Event(-1, _engine.Now(), e =>
        {
            if (completed.WorkflowStatus == OrchestrationStatus.Completed)
            {
                e.ChildWorkflowInstanceCompleted = new ChildWorkflowInstanceCompletedEvent
                {
                    TaskScheduledId = taskScheduledId, Result = completed.Result,
                };
            }
            else
            {
                e.ChildWorkflowInstanceFailed = new ChildWorkflowInstanceFailedEvent
                {
                    TaskScheduledId = taskScheduledId, FailureDetails = completed.FailureDetails,
                };
            }
        });
}
