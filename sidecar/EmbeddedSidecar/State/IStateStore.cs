using System.Text.Json;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.State;

/// <summary>
/// A state store. Keys are the stored keys, prefix included; who calls has made them (<see cref="StateStore.Key"/>).
/// Values are bytes and come back as they went in; only what comes as JSON is encoded first.
/// </summary>
internal interface IStateStore : IComponent
{
    /// <summary>Null when absent or expired.</summary>
    ValueTask<StateValue?> GetAsync(string key, CancellationToken ct);

    /// <summary>One result for each key, in order; null for what is absent.</summary>
    ValueTask<StateValue?[]> BulkGetAsync(IReadOnlyList<string> keys, CancellationToken ct);

    /// <summary>Writes or deletes one key.</summary>
    /// <exception cref="StateConflictException">The ETag is not the current one, or first-write found the key.</exception>
    ValueTask ApplyAsync(StateOperation operation, CancellationToken ct);

    /// <summary>Writes and deletes several keys as one.</summary>
    /// <param name="allOrNothing">
    /// True: nothing is stored unless every ETag matches. False: the store's own way, as Dapr's API exposes it; on Redis what matches
    /// is stored even when another operation fails.
    /// </param>
    /// <returns>With allOrNothing, the ETag that the first operation left: null after a delete. Else null.</returns>
    /// <exception cref="StateConflictException">An ETag did not match.</exception>
    ValueTask<string?> TransactAsync(IReadOnlyList<StateOperation> operations, bool allOrNothing, CancellationToken ct);

    /// <summary>A value that came as JSON, by HTTP, in the bytes that Dapr's store of this type makes of it.</summary>
    byte[] Encode(JsonElement value);

    /// <summary>All keys that begin and end so, in no order.</summary>
    IAsyncEnumerable<string> KeysAsync(string prefix, string suffix, CancellationToken ct);
}

/// <summary>What is stored under a key.</summary>
/// <param name="ExpiresAt">Null = never, or the store does not tell (Redis).</param>
internal sealed record StateValue(byte[] Data, string ETag, DateTimeOffset? ExpiresAt = null);

/// <summary>One write (<paramref name="Value"/> set) or delete (null).</summary>
/// <param name="ETag">Only apply when the stored ETag is this one; null or empty = no condition.</param>
/// <param name="Options">What the caller wants of concurrency and consistency. The stores of Dapr differ in what they make of it, and whether they look.</param>
/// <param name="Ttl">In seconds, as the caller wrote it: null or empty = as it was, 0 or less = no longer expires.</param>
internal readonly record struct StateOperation(string Key, ReadOnlyMemory<byte>? Value, string? ETag = null, WriteOptions Options = default, string? Ttl = null)
{
    public bool IsDelete => Value is null;

    public static StateOperation Upsert(string key, ReadOnlyMemory<byte> value, string? etag = null) => new(key, value, etag);

    public static StateOperation Delete(string key, string? etag = null, WriteOptions options = default) => new(key, null, etag, options);
}

/// <summary>Options of a write or delete in the words of the API; null or empty = not said.</summary>
/// <param name="Concurrency">first-write or last-write.</param>
/// <param name="Consistency">strong or eventual.</param>
internal readonly record struct WriteOptions(string? Concurrency, string? Consistency)
{
    public bool IsFirstWrite => Concurrency == "first-write";

    public bool IsLastWrite => Concurrency == "last-write";

    public bool IsStrong => Consistency == "strong";

    /// <summary>For stores that look.</summary>
    /// <exception cref="BackendException">Other words than these.</exception>
    public void Check()
    {
        if (Consistency is not (null or "" or "strong" or "eventual"))
        {
            throw new BackendException($"unrecognized consistency model '{Consistency}'");
        }

        if (Concurrency is not (null or "" or "first-write" or "last-write"))
        {
            throw new BackendException($"unrecognized concurrency model '{Concurrency}'");
        }
    }
}

/// <summary>Why a conditional write was refused.</summary>
internal enum ConflictKind
{
    /// <summary>The stored ETag is another one.</summary>
    ETagMismatch,

    /// <summary>The store cannot read this ETag.</summary>
    ETagInvalid,

    /// <summary>A write without ETag found a key that is guarded by first-write; Dapr reports this as a plain error.</summary>
    Guarded,
}

/// <summary>A conditional write was refused; trying again would be refused again.</summary>
internal sealed class StateConflictException(ConflictKind kind, string message) : Exception(message), Resiliency.IPermanentFailure
{
    public ConflictKind Kind { get; } = kind;
}
