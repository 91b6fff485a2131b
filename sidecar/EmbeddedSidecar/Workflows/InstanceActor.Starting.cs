using Dapr.DurableTask.Protobuf;

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

/// <content>Beginning, and going on after a load.</content>
internal sealed partial class InstanceActor
{
    private bool _claims;

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

    private bool IsChildOf(ParentInstanceInfo? parent) =>
        parent is not null && _state.AnyStart?.ExecutionStarted.ParentInstance is { } mine
        && mine.TaskScheduledId == parent.TaskScheduledId
        && mine.WorkflowInstance.Equals(parent.WorkflowInstance)
        && mine.AppID == parent.AppID;
}
