using Dapr.DurableTask.Protobuf;
using EventKind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;

namespace EmbeddedSidecar.Workflows;

/// <content>The end of a run: what it still owes to others, and its removal.</content>
internal sealed partial class InstanceActor
{
    private int _pendingDuties;

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
