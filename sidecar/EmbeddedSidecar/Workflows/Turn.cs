using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>A turn that is out with a worker. Its batch stays the same until it is answered, however often it is sent.</summary>
/// <param name="Started">The WorkflowStarted event that opens the batch; null in the turn right after continue-as-new,
/// whose batch opens with the new run's own history.</param>
/// <param name="InboxCount">How many events of the inbox's head belong to the batch.</param>
internal sealed record Turn(HistoryEvent? Started, int InboxCount)
{
    /// <summary>The message for a worker: all that happened before, and what is new.</summary>
    public WorkflowRequest Request(InstanceState state)
    {
        var request = new WorkflowRequest { InstanceId = state.InstanceId };
        if (Started is null)
        {
            request.NewEvents.AddRange(state.History);
        }
        else
        {
            request.PastEvents.AddRange(state.History);
            request.NewEvents.Add(Started);
        }

        for (var i = 0; i < InboxCount; i++)
        {
            request.NewEvents.Add(state.Inbox[i]);
        }

        if (state.Propagated is { } propagated)
        {
            request.PropagatedHistory = propagated;
        }

        return request;
    }
}

/// <summary>What a turn asks the engine to do once it is stored.</summary>
internal sealed record TurnOutcome
{
    /// <summary>TaskScheduled, TimerCreated and ChildWorkflowInstanceCreated events of this turn, in order.</summary>
    public List<HistoryEvent> Scheduled { get; } = [];

    public bool ContinuedAsNew { get; init; }

    public bool Stalled { get; init; }

    /// <summary>Set when a terminate with recursion ended the run: its open children end too.</summary>
    public bool TerminateChildren { get; init; }
}

/// <summary>An answer the engine cannot carry out; the turn stays open and is sent again after a second, as daprd does.</summary>
internal sealed class TurnRefusedException(string message) : Exception(message);
