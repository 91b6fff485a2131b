using System.Diagnostics.CodeAnalysis;
using Dapr.DistributedLock.Models;

namespace Dapr.DistributedLock;

/// <summary>Locks of a lock component. Made by <see cref="Extensions.DaprDistributedLockBuilder"/> or by registration.</summary>
[Experimental("DAPR_DISTRIBUTEDLOCK")]
public abstract class DaprDistributedLockClient : IDaprDistributedLockClient
{
    private bool _disposed;

    private protected DaprDistributedLockClient()
    {
    }

    /// <inheritdoc/>
    public abstract Task<LockResponse?> TryLockAsync(
        string storeName, string resourceId, string lockOwner, int expiryInSeconds, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract Task<UnlockResponse> TryUnlockAsync(
        string storeName, string resourceId, string lockOwner, CancellationToken cancellationToken = default);

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            Dispose(disposing: true);
            _disposed = true;
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Closes the connection.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
