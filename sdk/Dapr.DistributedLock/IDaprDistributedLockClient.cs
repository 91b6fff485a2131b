using System.Diagnostics.CodeAnalysis;
using Dapr.Common;
using Dapr.DistributedLock.Models;

namespace Dapr.DistributedLock;

/// <summary>Locks of a lock component. Not registered by <c>AddDaprDistributedLock</c>: inject <see cref="DaprDistributedLockClient"/>.</summary>
[Experimental("DAPR_DISTRIBUTEDLOCK")]
public interface IDaprDistributedLockClient : IDaprClient
{
    /// <summary>Tries once to take a lock, and never waits for it.</summary>
    /// <param name="storeName">The lock component.</param>
    /// <param name="resourceId">What to lock.</param>
    /// <param name="lockOwner">Who asks: only the same owner can give it back.</param>
    /// <param name="expiryInSeconds">After how long the lock is free by itself; more than 0, and nothing renews it.</param>
    /// <param name="cancellationToken">Ends the wait for an answer.</param>
    /// <returns>The lock, or null while somebody holds it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The expiry is not positive.</exception>
    /// <exception cref="DaprException">The runtime refused.</exception>
    Task<LockResponse?> TryLockAsync(
        string storeName, string resourceId, string lockOwner, int expiryInSeconds, CancellationToken cancellationToken = default);

    /// <summary>Gives a lock back.</summary>
    /// <exception cref="DaprException">The runtime refused.</exception>
    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    Task<UnlockResponse> TryUnlockAsync(string storeName, string resourceId, string lockOwner, CancellationToken cancellationToken = default);
}
