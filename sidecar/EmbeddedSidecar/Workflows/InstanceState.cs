using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;
using EventKind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;

namespace EmbeddedSidecar.Workflows;

/// <summary>One workflow instance as its events tell it. Pure: no clock, no store, no locks; the owner guards it.</summary>
internal sealed class InstanceState(string instanceId, ulong generation = 0)
{
    private readonly List<HistoryEvent> _history = [];
    private readonly List<HistoryEvent> _inbox = [];
    private readonly Dictionary<int, HistoryEvent> _open = [];
    private readonly HashSet<int> _scheduled = [];
    private readonly HashSet<(string Name, Timestamp At)> _raised = [];

    public string InstanceId { get; } = instanceId;

    /// <summary>Counts runs: continue-as-new and re-creation of a finished id start the next one.</summary>
    public ulong Generation { get; private set; } = generation;

    public string? CustomStatus { get; set; }

    /// <summary>History of ancestors, given at start by a parent that asked for it; goes with every turn.</summary>
    public PropagatedHistory? Propagated { get; set; }

    public IReadOnlyList<HistoryEvent> History => _history;

    /// <summary>What arrived and no turn has processed yet, in arrival order.</summary>
    public IReadOnlyList<HistoryEvent> Inbox => _inbox;

    /// <summary>Tasks, timers and children of this run that have no answer in the history, by action id.</summary>
    public IReadOnlyDictionary<int, HistoryEvent> Open => _open;

    /// <summary>The open ones whose answer has not arrived either.</summary>
    public IEnumerable<HistoryEvent> Outstanding =>
        _open.Values.Where(asked => !_inbox.Any(i => Answers(i) is { } answer && answer.Id == asked.EventId));

    public HistoryEvent? Start { get; private set; }

    public HistoryEvent? Completed { get; private set; }

    public bool Suspended { get; private set; }

    public bool Stalled { get; private set; }

    public Timestamp? FirstTurnAt { get; private set; }

    public IReadOnlyList<string> Patches { get; private set; } = [];

    public bool Exists => Start is not null || _inbox.Any(e => e.ExecutionStarted is not null);

    public bool Terminal => Completed is not null;

    /// <summary>The start event wherever it lies: in the history, or still in the inbox.</summary>
    public HistoryEvent? AnyStart => Start ?? _inbox.FirstOrDefault(e => e.ExecutionStarted is not null);

    public string ExecutionId => AnyStart?.ExecutionStarted.WorkflowInstance?.ExecutionId ?? "";

    public OrchestrationStatus Status =>
        Completed is not null ? Completed.ExecutionCompleted.WorkflowStatus
        : Stalled ? OrchestrationStatus.Stalled
        : Suspended ? OrchestrationStatus.Suspended
        : _history.Count == 0 ? OrchestrationStatus.Pending
        : OrchestrationStatus.Running;

    public bool IsScheduled(int actionId) => _scheduled.Contains(actionId);

    /// <summary>Puts an event behind the others, unless it says nothing new. False: dropped.</summary>
    /// <remarks>
    /// A completion counts once, and only for something this run scheduled: what an earlier run left behind matches nothing.
    /// </remarks>
    public bool Receive(HistoryEvent e)
    {
        if (Terminal || !IsNews(e))
        {
            return false;
        }

        _inbox.Add(e);
        return true;
    }

    /// <summary>Takes an event out of the inbox's head when its turn is done.</summary>
    public void DropInbox(int count) => _inbox.RemoveRange(0, count);

    /// <summary>Adds an event that happened. The event must not change afterwards.</summary>
    public void Append(HistoryEvent e)
    {
        _history.Add(e);
        Stalled = e.EventTypeCase is EventKind.ExecutionStalled;
        switch (e.EventTypeCase)
        {
            case EventKind.WorkflowStarted:
                FirstTurnAt ??= e.Timestamp;
                if (e.WorkflowStarted.Version is { } version)
                {
                    Patches = version.Patches;
                }

                break;
            case EventKind.ExecutionStarted:
                Start ??= e;
                break;
            case EventKind.TaskScheduled or EventKind.TimerCreated or EventKind.ChildWorkflowInstanceCreated:
                _scheduled.Add(e.EventId);
                _open[e.EventId] = e;
                break;
            case EventKind.EventRaised:
                _raised.Add((e.EventRaised.Name, e.Timestamp));
                CloseEventTimer(e.EventRaised.Name);
                break;
            case EventKind.ExecutionSuspended:
                Suspended = true;
                break;
            case EventKind.ExecutionResumed:
                Suspended = false;
                break;
            case EventKind.ExecutionCompleted:
                Completed ??= e;
                break;
            default:
                if (Answers(e) is { } answer && _open.TryGetValue(answer.Id, out var asked) && asked.EventTypeCase == answer.Asked)
                {
                    _open.Remove(answer.Id);
                }

                break;
        }
    }

    /// <summary>Continue-as-new: nothing of the old run counts any more. Inbox events already processed must be dropped before.</summary>
    public void StartNextRun(IReadOnlyList<HistoryEvent> history, IReadOnlyList<HistoryEvent> carryover)
    {
        var late = _inbox.Where(e => Answers(e) is null).ToList();
        var firstTurn = FirstTurnAt;
        _history.Clear();
        _inbox.Clear();
        _open.Clear();
        _scheduled.Clear();
        _raised.Clear();
        Start = null;
        Patches = [];
        Generation++;
        foreach (var e in history)
        {
            Append(e);
        }

        FirstTurnAt = firstTurn;
        _inbox.AddRange(carryover);
        _inbox.AddRange(late);
    }

    /// <summary>What has been stored, in order; for loading.</summary>
    public void Load(IEnumerable<HistoryEvent> history, IEnumerable<HistoryEvent> inbox)
    {
        foreach (var e in history)
        {
            Append(e);
        }

        _inbox.AddRange(inbox);
    }

    /// <summary>An answer to a terminated or completed run is not stored; it only tells that nobody works on it any more.</summary>
    public void Forget(int actionId) => _open.Remove(actionId);

    private bool IsNews(HistoryEvent e)
    {
        if (e.EventTypeCase is EventKind.EventRaised)
        {
            return !_raised.Contains((e.EventRaised.Name, e.Timestamp))
                && !_inbox.Any(i => i.EventRaised?.Name == e.EventRaised.Name && i.Timestamp.Equals(e.Timestamp));
        }

        if (Answers(e) is not { } answer)
        {
            return true;
        }

        return _open.TryGetValue(answer.Id, out var asked)
            && asked.EventTypeCase == answer.Asked
            && !_inbox.Any(i => Answers(i) == answer);
    }

    // An external event ends the oldest wait for its name, so that wait's timeout must not fire.
    private void CloseEventTimer(string name)
    {
        var oldest = _open
            .Where(o => string.Equals(o.Value.TimerCreated?.ExternalEvent?.Name, name, StringComparison.OrdinalIgnoreCase))
            .Select(o => (int?)o.Key)
            .Min();
        if (oldest is { } id)
        {
            _open.Remove(id);
        }
    }

    private static (int Id, EventKind Asked)? Answers(HistoryEvent e) => e.EventTypeCase switch
    {
        EventKind.TaskCompleted => (e.TaskCompleted.TaskScheduledId, EventKind.TaskScheduled),
        EventKind.TaskFailed => (e.TaskFailed.TaskScheduledId, EventKind.TaskScheduled),
        EventKind.TimerFired => (e.TimerFired.TimerId, EventKind.TimerCreated),
        EventKind.ChildWorkflowInstanceCompleted =>
            (e.ChildWorkflowInstanceCompleted.TaskScheduledId, EventKind.ChildWorkflowInstanceCreated),
        EventKind.ChildWorkflowInstanceFailed =>
            (e.ChildWorkflowInstanceFailed.TaskScheduledId, EventKind.ChildWorkflowInstanceCreated),
        _ => null,
    };
}
