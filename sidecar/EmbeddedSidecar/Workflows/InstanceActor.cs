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
    // As in durabletask: a run that does nothing but continue as new may not starve the others.
    private const int MaxRunsInOneGo = 20;

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

    /// <summary>The worker's answer to the turn that is out; anything else is ignored.</summary>
    public void Answer(WorkflowResponse response)
    {
        bool write;
        lock (_gate)
        {
            if (_turn is null || _turnItem is not { WasSent: true } item || _isGone || !_engine.IsCurrent(item, response.CompletionToken))
            {
                return;
            }

            try
            {
                Apply(_engine.Rules.Complete(_state, _turn, response, _engine.Now()));
            }
            catch (TurnRefusedException refused)
            {
                _engine.Refused(InstanceId, refused);
                _engine.Queue.Finish(item);
                _turnItem = null;
                var turn = _turn;
                _engine.After(WorkflowEngine.RetryDelay, () => SendAgain(turn));
                return;
            }

            write = MarkChanged();
        }

        StartWriting(write);
    }

    /// <summary>A worker connected: what stalled for want of the right one is tried again.</summary>
    public void WorkerConnected()
    {
        lock (_gate)
        {
            if (_waitsForWorker && !_isGone)
            {
                _waitsForWorker = false;
                StartTurn(force: true);
            }
        }
    }

    private void SendAgain(Turn turn)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_turn, turn) && _turnItem is null && !_isGone)
            {
                Send(turn);
            }
        }
    }

    private void Apply(TurnOutcome outcome)
    {
        _engine.Queue.Finish(_turnItem!);
        _turn = null;
        _turnItem = null;
        if (outcome.Stalled)
        {
            _waitsForWorker = true;
            return;
        }

        var generation = _state.Generation;
        foreach (var e in outcome.Scheduled)
        {
            AfterWrite(() => _engine.Dispatch(this, e, generation));
        }

        if (_state.Terminal)
        {
            Finish(outcome.TerminateChildren);
        }
        else if (!outcome.ContinuedAsNew)
        {
            _runsInOneGo = 0;
            StartTurn(force: false);
        }
        else if (++_runsInOneGo < MaxRunsInOneGo)
        {
            Send(new Turn(null, _state.Inbox.Count));
        }
        else
        {
            _runsInOneGo = 0;
            _resting = true;
            _engine.After(WorkflowEngine.RetryDelay, () =>
            {
                lock (_gate)
                {
                    _resting = false;
                    StartTurn(force: true);
                }
            });
        }
    }

    // A turn is due when something new is in the inbox, no turn is out, and the instance is neither at rest nor scheduled for later.
    private void StartTurn(bool force)
    {
        if (_turn is not null || _state.Terminal || _isGone || _resting || _waitsForWorker || (_state.Inbox.Count == 0 && !force))
        {
            return;
        }

        if (_state.Start is null)
        {
            var at = _state.AnyStart?.ExecutionStarted.ScheduledStartTimestamp?.ToDateTimeOffset();
            if (at > _engine.Clock.GetUtcNow() && _state.Inbox.All(e => e.ExecutionTerminated is null))
            {
                return;
            }
        }

        Send(new Turn(
            TurnRules.Event(-1, _engine.Now(), e => e.WorkflowStarted = new WorkflowStartedEvent()), _state.Inbox.Count));
    }

    private void Send(Turn turn)
    {
        _turn = turn;
        QueuedItem? item = null;
        item = new QueuedItem(isTurn: true, InstanceId, () => BuildTurn(turn, item!));
        _turnItem = item;
        _engine.Queue.Add(item);
    }

    private WorkItem? BuildTurn(Turn turn, QueuedItem item)
    {
        bool write;
        lock (_gate)
        {
            if (!ReferenceEquals(_turnItem, item) || _isGone)
            {
                return null;
            }

            var message = new WorkItem { WorkflowRequest = turn.Request(_state), CompletionToken = item.Token };
            var size = message.CalculateSize();
            if (size <= _engine.MaxPayload)
            {
                // Replays have a history, and so has what is sent again after its first turn.
                if (!_firstTurnTold && _state.Start is null && _state.AnyStart is { } start)
                {
                    _firstTurnTold = true;
                    _engine.Telemetry.FirstTurn(start);
                }

                return message;
            }

            Apply(TurnRules.Stall(_state, WorkflowEngine.TooLarge($"The turn has {size} bytes", _engine.MaxPayload), _engine.Now()));
            write = MarkChanged();
        }

        StartWriting(write);
        return null;
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
