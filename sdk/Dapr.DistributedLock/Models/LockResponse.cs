using System.Diagnostics.CodeAnalysis;

namespace Dapr.DistributedLock.Models;

/// <summary>A lock that is held; disposing gives it back.</summary>
[Experimental("DAPR_DISTRIBUTEDLOCK")]
public sealed class LockResponse : IAsyncDisposable
{
    private readonly IDaprDistributedLockClient _client;

    internal LockResponse(IDaprDistributedLockClient client) => _client = client;

    /// <summary>What is locked.</summary>
    public required string ResourceId { get; init; }

    /// <summary>Who holds it.</summary>
    public required string LockOwner { get; init; }

    /// <summary>The lock component.</summary>
    public required string StoreName { get; init; }

    /// <summary>Gives the lock back; whether it was still held is not told.</summary>
    /// <exception cref="DaprException">The runtime refused.</exception>
    public async ValueTask DisposeAsync() => await _client.TryUnlockAsync(StoreName, ResourceId, LockOwner).ConfigureAwait(false);
}
