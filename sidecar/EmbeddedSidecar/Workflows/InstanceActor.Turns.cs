using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>Turns: when one is due, on its way to a worker, and what its answer does.</summary>
internal sealed partial class InstanceActor
{
    // As in durabletask: a run that does nothing but continue as new may not starve the others.
    private const int MaxRunsInOneGo = 20;

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
}
