using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Workflows;

/// <content>How changes get into the store, and how the object leaves memory.</content>
internal sealed partial class InstanceActor
{
    // A turn is usually answered in a few milliseconds. An event that just started one waits so long for the answer, and both are
    // one write; whoever brought the event waits that little longer to hear that it is stored.
    private static readonly TimeSpan SharedWriteWait = TimeSpan.FromMilliseconds(10);

    private List<Action> _afterWrite = [];
    private TaskCompletionSource? _nextWrite;
    private TaskCompletionSource? _idle;
    private bool _changed;
    private bool _writing;
    private bool _waitsForTurn;
    private bool _settled;
    private bool _isGone;

    /// <summary>Roughly what the history costs in memory.</summary>
    public int Weight => _state.History.Count + _state.Inbox.Count + 4;

    /// <summary>Drops the object when nothing is going on; the instance stays as it is in the store.</summary>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_isGone || IsBusy || _turn is not null || _resting || _pendingDuties > 0
                || (_state.Terminal && !_settled && _engine.Retention.Of(_state.Status) is null && _engine.Live.Has(InstanceId)))
            {
                return false;
            }

            _isGone = true;
        }

        _engine.Forget(this);
        _gone.TrySetResult();
        return true;
    }

    private void ThrowIfGone()
    {
        if (_isGone)
        {
            throw new ActorGoneException();
        }
    }

    // Runs once everything changed so far is stored. Only under the lock, and only together with MarkChanged.
    private void AfterWrite(Action effect) => _afterWrite.Add(effect);

    private Task NextWrite() =>
        (_nextWrite ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    // True: the caller starts the writing once it has left the lock.
    private bool MarkChanged()
    {
        _changed = true;
        return !_writing && (_writing = true);
    }

    private bool IsBusy => _writing || _changed;

    // True: the change will be written with the answer of the turn that has all of it, or soon without.
    private bool ShareWriteOfTurn()
    {
        if (_writing || _turn is not { Started: not null } || _turn.InboxCount < _state.Inbox.Count || _engine.Queue.Streams == 0)
        {
            return false;
        }

        _changed = true;
        if (!_waitsForTurn)
        {
            _waitsForTurn = true;
            _engine.After(SharedWriteWait, StopWaitingForTurn);
        }

        return true;
    }

    private void StopWaitingForTurn()
    {
        bool write;
        lock (_gate)
        {
            _waitsForTurn = false;
            write = _changed && !_isGone && MarkChanged();
        }

        StartWriting(write);
    }

    private void StartWriting(bool start)
    {
        if (start)
        {
            _engine.Run(WriteAsync);
        }
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            PreparedWrite write;
            lock (_gate)
            {
                if (!_changed)
                {
                    _writing = false;
                    _idle?.TrySetResult();
                    _idle = null;
                    break;
                }

                _changed = false;
                write = Prepare();
            }

            var etag = await _engine.CommitAsync(InstanceId, write.Operations, write.Next);
            if (etag is null)
            {
                Lost(write);
                return;
            }

            lock (_gate)
            {
                _stored = write.Next with { ETag = etag };
                View = write.View;
            }

            if (write.FreesSlot)
            {
                _engine.Live.Released(InstanceId);
            }

            // Before anybody hears of it: who then asks for spans and metrics of the end, or stops the process, finds them told.
            foreach (var effect in write.Effects)
            {
                effect();
            }

            _engine.Published(InstanceId, write.View);
            write.Stored?.TrySetResult();
        }

        _engine.Rested(this);
    }

    private PreparedWrite Prepare()
    {
        var (operations, next) = _engine.Store.Diff(_state, _stored);
        var settles = _state.Terminal && _settled && _engine.Live.Has(InstanceId);
        if (settles)
        {
            operations.Add(_engine.Live.Release(InstanceId)!.Value);
        }
        else if (_stored.ETag is null || _claims)
        {
            _claims = false;
            operations.Add(_engine.Live.Claim(InstanceId));
        }

        var write = new PreparedWrite(operations, next, InstanceView.Of(_state), _afterWrite, _nextWrite, settles);
        _afterWrite = [];
        _nextWrite = null;
        return write;
    }

    // Somebody else wrote this instance. What we held of it is worthless; it is read again and goes on from there.
    private void Lost(PreparedWrite write)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            _isGone = true;
            next = _nextWrite;
            _idle?.TrySetResult();
            if (_turnItem is { } item)
            {
                _engine.Queue.Finish(item);
            }
        }

        _engine.Forget(this);
        _gone.TrySetResult();
        var error = new StateConflictException(
            ConflictKind.ETagMismatch, $"Workflow {InstanceId} was changed by another process at the same time.");
        write.Stored?.TrySetException(error);
        next?.TrySetException(error);
        _engine.Reload(InstanceId);
    }

    // Under the lock of nobody: comes back when no write is in the air.
    private Task IdleAsync()
    {
        lock (_gate)
        {
            return IsBusy
                ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task
                : Task.CompletedTask;
        }
    }

    private sealed record PreparedWrite(
        List<StateOperation> Operations, StoredShape Next, InstanceView? View, List<Action> Effects, TaskCompletionSource? Stored, bool FreesSlot);

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
}
