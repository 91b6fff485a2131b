using System.Collections.Concurrent;
using System.Globalization;
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
    private const int Growth = 1024;

    private readonly string _prefix = $"{appId}||dapr.internal.default.{appId}.live||";
    private readonly ConcurrentDictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly Stack<int> _free = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _growing = new(1, 1);
    private int _size;

    public int Count => _slots.Count;

    public IEnumerable<string> Instances => _slots.Keys;

    /// <summary>Reads the index. Null when there is none yet: the store may hold instances of a daprd.</summary>
    public async Task<IReadOnlyCollection<string>?> ReadAsync(CancellationToken ct)
    {
        if (await store.GetAsync(SizeKey, ct) is not { } stored)
        {
            return null;
        }

        var size = int.Parse(Encoding.UTF8.GetString(stored.Data), CultureInfo.InvariantCulture);
        for (var from = 0; from < size; from += Growth)
        {
            var keys = Enumerable.Range(from, Math.Min(Growth, size - from)).Select(SlotKey).ToList();
            var values = await store.BulkGetAsync(keys, ct);
            for (var i = 0; i < values.Length; i++)
            {
                // Two slots for one instance can remain from a crash inside a re-creation; either one will do.
                if (values[i] is not { } value || !_slots.TryAdd(Encoding.UTF8.GetString(value.Data), from + i))
                {
                    _free.Push(from + i);
                }
            }
        }

        _size = size;
        return [.. _slots.Keys];
    }

    /// <summary>Makes sure that the instance has a slot; <see cref="Claim"/> writes it.</summary>
    public async ValueTask ReserveAsync(string instanceId, CancellationToken ct)
    {
        while (!TryReserve(instanceId))
        {
            await _growing.WaitAsync(ct);
            try
            {
                lock (_gate)
                {
                    if (_free.Count > 0)
                    {
                        continue;
                    }
                }

                // The size is stored before a slot beyond the old one is used; a start would not look there otherwise.
                var size = _size + Growth;
                await store.ApplyAsync(
                    StateOperation.Upsert(SizeKey, Encoding.UTF8.GetBytes(size.ToString(CultureInfo.InvariantCulture))), ct);
                lock (_gate)
                {
                    for (var slot = size - 1; slot >= _size; slot--)
                    {
                        _free.Push(slot);
                    }

                    _size = size;
                }
            }
            finally
            {
                _growing.Release();
            }
        }
    }

    public bool Has(string instanceId) => _slots.ContainsKey(instanceId);

    /// <summary>The write that puts the instance into its slot; part of the transaction that creates it.</summary>
    public StateOperation Claim(string instanceId) =>
        StateOperation.Upsert(SlotKey(_slots[instanceId]), Encoding.UTF8.GetBytes(instanceId));

    /// <summary>The write that frees the slot; null when the instance has none. <see cref="Released"/> follows once it is stored.</summary>
    public StateOperation? Release(string instanceId) =>
        _slots.TryGetValue(instanceId, out var slot) ? StateOperation.Delete(SlotKey(slot)) : null;

    public void Released(string instanceId)
    {
        if (_slots.TryRemove(instanceId, out var slot))
        {
            lock (_gate)
            {
                _free.Push(slot);
            }
        }
    }

    public void Dispose() => _growing.Dispose();

    private bool TryReserve(string instanceId)
    {
        lock (_gate)
        {
            if (_slots.ContainsKey(instanceId))
            {
                return true;
            }

            return _free.TryPop(out var slot) && _slots.TryAdd(instanceId, slot);
        }
    }

    private string SizeKey => _prefix + "all||size";

    private string SlotKey(int slot) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{slot:D6}||slot");
}
