using System.Globalization;
using System.Text;

namespace EmbeddedSidecar.State;

/// <summary>
/// Numbered keys below one prefix of a store: a start reads those and searches no others. A slot that was freed is used again, so
/// there are never more keys than things that were kept at once.
/// </summary>
/// <param name="store">Null: numbers are given out, and nothing is stored.</param>
/// <param name="prefix">What stands before every key.</param>
/// <param name="growth">How many slots come at a time.</param>
internal sealed class NumberedSlots(IStateStore? store, string prefix, int growth) : IDisposable
{
    private readonly Stack<int> _free = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _growing = new(1, 1);
    private int _size;

    /// <summary>What the slots hold; null when there are none yet. Called once, before anything else.</summary>
    public async Task<IReadOnlyList<(int Slot, ReadOnlyMemory<byte> Data)>?> ReadAsync(CancellationToken ct)
    {
        if (store is null || await store.GetAsync(SizeKey, ct) is not { } stored)
        {
            return null;
        }

        var size = int.Parse(Encoding.UTF8.GetString(stored.Data), CultureInfo.InvariantCulture);
        var (found, free) = (new List<(int, ReadOnlyMemory<byte>)>(), new List<int>());
        for (var from = 0; from < size; from += growth)
        {
            var values = await store.BulkGetAsync([.. Enumerable.Range(from, Math.Min(growth, size - from)).Select(Key)], ct);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] is { } value)
                {
                    found.Add((from + i, value.Data));
                }
                else
                {
                    free.Add(from + i);
                }
            }
        }

        lock (_gate)
        {
            _size = size;
            free.Reverse();
            free.ForEach(_free.Push);
        }

        return found;
    }

    public bool TryTake(out int slot)
    {
        lock (_gate)
        {
            return _free.TryPop(out slot);
        }
    }

    public void Free(int slot)
    {
        lock (_gate)
        {
            _free.Push(slot);
        }
    }

    /// <summary>More slots, unless somebody has made some in the meantime.</summary>
    public async Task GrowAsync(CancellationToken ct)
    {
        await _growing.WaitAsync(ct);
        try
        {
            lock (_gate)
            {
                if (_free.Count > 0)
                {
                    return;
                }
            }

            // The size is stored before a slot beyond the old one is used; a start would not look there otherwise. A time to live that
            // the component sets for everything must not take it away.
            var size = _size + growth;
            if (store is not null)
            {
                var text = size.ToString(CultureInfo.InvariantCulture);
                await store.ApplyAsync(StateOperation.Upsert(SizeKey, Encoding.UTF8.GetBytes(text)) with { Ttl = StateTtl.Never }, ct);
            }

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

    public string Key(int slot) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{slot:D6}||slot");

    public void Dispose() => _growing.Dispose();

    private string SizeKey => prefix + "all||size";
}
