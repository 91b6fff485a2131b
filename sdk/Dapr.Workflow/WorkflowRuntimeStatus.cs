namespace Dapr.Workflow;

/// <summary>Where an instance stands.</summary>
public enum WorkflowRuntimeStatus
{
    /// <summary>Not known; also of an instance that does not exist.</summary>
    Unknown = -1,

    /// <summary>Started and not finished.</summary>
    Running = 0,

    /// <summary>Finished well.</summary>
    Completed = 1,

    /// <summary>Started over.</summary>
    ContinuedAsNew = 2,

    /// <summary>Ended by an exception.</summary>
    Failed = 3,

    /// <summary>Cancelled.</summary>
    Canceled = 4,

    /// <summary>Ended from outside.</summary>
    Terminated = 5,

    /// <summary>Accepted and not started.</summary>
    Pending = 6,

    /// <summary>Held.</summary>
    Suspended = 7,

    /// <summary>Cannot go on until a fitting worker comes.</summary>
    Stalled = 8,
}
