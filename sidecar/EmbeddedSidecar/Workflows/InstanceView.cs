using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Workflows;

/// <summary>What the world may know of an instance: the state as it was last stored, never ahead of the store.</summary>
internal sealed record InstanceView(string InstanceId, ulong Generation, OrchestrationStatus Status, HistoryEvent Start)
{
    public required Timestamp LastUpdated { get; init; }

    public Timestamp? FirstTurnAt { get; init; }

    public ExecutionCompletedEvent? Completed { get; init; }

    public string? CustomStatus { get; init; }

    public bool Terminal => Completed is not null;

    public static InstanceView? Of(InstanceState state) => state.AnyStart is not { } start
        ? null
        : new InstanceView(state.InstanceId, state.Generation, state.Status, start)
        {
            LastUpdated = state.History.Count > 0 ? state.History[^1].Timestamp : start.Timestamp,
            FirstTurnAt = state.FirstTurnAt,
            Completed = state.Completed?.ExecutionCompleted,
            CustomStatus = state.CustomStatus,
        };

    /// <summary>As GetInstance answers it.</summary>
    public WorkflowState ToWire(bool withPayloads)
    {
        var started = Start.ExecutionStarted;
        var state = new WorkflowState
        {
            InstanceId = InstanceId,
            Name = started.Name,
            Version = started.Version,
            WorkflowStatus = Status,
            CreatedTimestamp = Start.Timestamp,
            LastUpdatedTimestamp = LastUpdated,
            StartedAt = FirstTurnAt,
            ParentInstanceId = started.ParentInstance?.WorkflowInstance?.InstanceId,
        };
        if (started.ParentInstance is { HasAppID: true } parent)
        {
            state.ParentAppId = parent.AppID;
        }

        if (withPayloads)
        {
            state.Input = started.Input;
            state.Output = Completed?.Result;
            state.CustomStatus = CustomStatus;
            state.FailureDetails = Completed?.FailureDetails;
        }

        return state;
    }
}
