namespace Dapr.DistributedLock.Models;

/// <summary>How giving a lock back went.</summary>
/// <param name="Status">How it went.</param>
public sealed record UnlockResponse(LockStatus Status);

/// <summary>How giving a lock back went.</summary>
public enum LockStatus
{
    /// <summary>It is free.</summary>
    Success = 0,

    /// <summary>There was none.</summary>
    LockDoesNotExist = 1,

    /// <summary>Somebody else holds it.</summary>
    LockBelongsToOthers = 2,

    /// <summary>The store failed.</summary>
    InternalError = 3,
}
