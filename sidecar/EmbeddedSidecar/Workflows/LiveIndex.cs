using System.Collections.Concurrent;
using System.Text;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Workflows;

/// <summary>
/// Which instances of an app still need this engine, so that a start reads those and not millions of finished ones.
/// </summary>
/// <remarks>
/// A running instance holds a numbered slot: one more key of its first transaction, deleted in its last. Slots are used again, so
/// there are never more keys than instances that ran at once. The keys belong to an actor type of their own
/// (dapr.internal.default.APP.live), which no daprd registers: its workflow actors read only keys of the type ...workflow, and its
/// list of instances only those that end in ||metadata. So a daprd on the same store neither sees nor disturbs them, and a slot of an
/// instance that a daprd finished is found to be finished and freed at our next start.
/// </remarks>
internal sealed class LiveIndex(string appId, IStateStore store) : IDisposable
{
    private readonly NumberedSlots _numbers = new(store, Prefix(appId), growth: 1024);
    private readonly string _adopting = Prefix(appId) + "all||adopting";
    private readonly ConcurrentDictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();

    public int Count => _slots.Count;

    public IEnumerable<string> Instances => _slots.Keys;

    /// <summary>
    /// The store may hold running instances without a slot, which a daprd left: nobody has looked yet, or somebody died while looking.
    /// Until <see cref="AdoptedAsync"/>, a note in the store says so.
    /// </summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>Reads the index, once.</summary>
    public async Task<IReadOnlyCollection<string>> ReadAsync(CancellationToken ct)
    {
        var stored = await _numbers.ReadAsync(ct);
        foreach (var (slot, data) in stored ?? [])
        {
            // Two slots for one instance can remain from a crash inside a re-creation; either one will do.
            if (!_slots.TryAdd(Encoding.UTF8.GetString(data.Span), slot))
            {
                _numbers.Free(slot);
            }
        }

        if (stored is null)
        {
            // Before the first slot: an index without this note is a whole one.
            await store.ApplyAsync(StateOperation.Upsert(_adopting, "1"u8.ToArray()) with { Ttl = StateTtl.Never }, ct);
        }

        IsIncomplete = stored is null || await store.GetAsync(_adopting, ct) is not null;
        IReadOnlyCollection<string> found = [.. _slots.Keys];
        _known.SetResult();
        return found;
    }

    /// <summary>Every instance that runs has a slot now.</summary>
    public async Task AdoptedAsync(CancellationToken ct)
    {
        await store.ApplyAsync(StateOperation.Delete(_adopting), ct);
        IsIncomplete = false;
    }

    /// <summary>Makes sure that the instance has a slot; <see cref="Claim"/> writes it.</summary>
    public async ValueTask ReserveAsync(string instanceId, CancellationToken ct)
    {
        // A slot that was given out before the index is known could be another instance's.
        await _known.Task.WaitAsync(ct);
        while (!TryReserve(instanceId))
        {
            await _numbers.GrowAsync(ct);
        }
    }

    public bool Has(string instanceId) => _slots.ContainsKey(instanceId);

    /// <summary>The write that puts the instance into its slot; part of the transaction that creates it.</summary>
    public StateOperation Claim(string instanceId) =>
        StateOperation.Upsert(_numbers.Key(_slots[instanceId]), Encoding.UTF8.GetBytes(instanceId));

    /// <summary>The write that frees the slot; null when the instance has none. <see cref="Released"/> follows once it is stored.</summary>
    public StateOperation? Release(string instanceId) =>
        _slots.TryGetValue(instanceId, out var slot) ? StateOperation.Delete(_numbers.Key(slot)) : null;

    public void Released(string instanceId)
    {
        if (_slots.TryRemove(instanceId, out var slot))
        {
            _numbers.Free(slot);
        }
    }

    public void Dispose() => _numbers.Dispose();

    private static string Prefix(string appId) => $"{appId}||dapr.internal.default.{appId}.live||";

    private bool TryReserve(string instanceId)
    {
        lock (_gate)
        {
            if (_slots.ContainsKey(instanceId))
            {
                return true;
            }

            return _numbers.TryTake(out var slot) && _slots.TryAdd(instanceId, slot);
        }
    }
}
