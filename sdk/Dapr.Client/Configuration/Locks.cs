#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>Whether a lock was taken; disposing gives it back.</summary>
[Experimental("DAPR_DISTRIBUTEDLOCK")]
public sealed class TryLockResponse : IAsyncDisposable
{
    /// <summary>True when it was.</summary>
    public bool Success { get; init; }

    /// <summary>What is locked.</summary>
    public string ResourceId { get; init; }

    /// <summary>Who holds it.</summary>
    public string LockOwner { get; init; }

    /// <summary>The lock store.</summary>
    public string StoreName { get; init; }

    /// <summary>Gives the lock back, through a new client with default settings.</summary>
    public async ValueTask DisposeAsync()
    {
        using var client = new DaprClientBuilder().Build();
        if (Success)
        {
            await client.Unlock(StoreName, ResourceId, LockOwner).ConfigureAwait(false);
        }
    }
}

/// <summary>How giving a lock back went.</summary>
public class UnlockResponse(LockStatus status)
{
    /// <summary>How it went.</summary>
    [SuppressMessage("Naming", "CA1708", Justification = "The official name.")]
    [SuppressMessage("Style", "IDE1006", Justification = "The official name.")]
    public LockStatus status { get; set; } = status;
}

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
