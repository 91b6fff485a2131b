using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using EventKind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;

namespace EmbeddedSidecar.Workflows;

/// <summary>
/// One instance while it is in memory: takes events in, has at most one turn out with a worker, and writes what changed.
/// </summary>
/// <remarks>
/// The state in memory may be ahead of the store; what follows from it may not. So every change is made under the lock, then
/// written, and only when the write is confirmed are its callers answered, activities, timers and children started, and the new
/// status shown. One write is in the air at a time; what changes meanwhile shares the next one. A turn may be sent to a worker before
/// its events are stored: it has no effect until its answer is stored, and that write comes later.
/// </remarks>
internal sealed partial class InstanceActor
{
    private readonly WorkflowEngine _engine;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private InstanceState _state;
    private StoredShape _stored;
    private Turn? _turn;
    private QueuedItem? _turnItem;
    private Timestamp? _lastEventAt;
    private int _runsInOneGo;
    private bool _resting;
    private bool _waitsForWorker;
    private bool _firstTurnTold;

    public InstanceActor(WorkflowEngine engine, InstanceState state, StoredShape stored)
    {
        _engine = engine;
        _state = state;
        _stored = stored;
        _waitsForWorker = state.Stalled;
        View = InstanceView.Of(state);
    }

    public string InstanceId => _state.InstanceId;

    /// <summary>Null: no such instance.</summary>
    public InstanceView? View { get; private set; }

    /// <summary>Completes when this object no longer stands for the instance.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Takes in an event. Completes once it is stored, or when it says nothing new.</summary>
    /// <param name="generation">Answers count only for the run that asked; null for what comes from outside.</param>
    /// <exception cref="ActorGoneException">Ask the engine for the instance again.</exception>
    public Task ReceiveAsync(HistoryEvent e, ulong? generation)
    {
        Task stored;
        bool write;
        lock (_gate)
        {
            ThrowIfGone();
            if (generation is { } g && g != _state.Generation)
            {
                return Task.CompletedTask;
            }

            StampRaised(e);
            if (!_state.Receive(e))
            {
                // A repeated answer is acknowledged only once the first one is stored.
                write = ForgetTask(e) || IsBusy;
                stored = write ? NextWrite() : Task.CompletedTask;
            }
            else
            {
                _waitsForWorker &= e.ExecutionTerminated is null;
                StartTurn(force: false);
                write = true;
                stored = NextWrite();
            }

            write = write && !ShareWriteOfTurn() && MarkChanged();
        }

        StartWriting(write);
        return stored;
    }

    // Workers tell raised events apart by name and time: two of one name must not have the same time.
    private void StampRaised(HistoryEvent e)
    {
        if (e.EventTypeCase is EventKind.EventRaised)
        {
            if (_lastEventAt is { } last && e.Timestamp <= last)
            {
                e.Timestamp = Timestamp.FromDateTimeOffset(last.ToDateTimeOffset().AddTicks(1));
            }

            _lastEventAt = e.Timestamp;
        }
    }

    private bool ForgetTask(HistoryEvent e)
    {
        if (!_state.Terminal || (e.TaskCompleted?.TaskScheduledId ?? e.TaskFailed?.TaskScheduledId) is not { } task)
        {
            return false;
        }

        _state.Forget(task);
        return !_settled && _engine.Retention.Of(_state.Status) is null && TrySettle();
    }
}

/// <summary>The object was dropped from memory or the instance was removed: look it up again.</summary>
internal sealed class ActorGoneException : Exception;
