using System.Globalization;
using System.Text;
using System.Text.Json;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Scheduling;

/// <summary>Where the jobs and reminders of an app lie: numbered slots in one of its state stores, so that a start reads those keys
/// and searches no others. Without a store they are in memory alone.</summary>
/// <remarks>A daprd keeps all this in its scheduler service, so no format is shared with it. The keys have an actor type of their own
/// (dapr.internal.default.APP.schedule) that no daprd registers. A slot whose entry is gone is used again.</remarks>
internal sealed class ScheduleStore(string appId, IStateStore? store) : IDisposable
{
    private const int Growth = 256;

    private readonly string _prefix = $"{appId}||dapr.internal.default.{appId}.schedule||";
    private readonly Stack<int> _free = [];
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _growing = new(1, 1);
    private int _size;

    public bool IsDurable => store is not null;

    /// <summary>Everything stored. Called once, before anything else. What cannot be read is left where it is and named.</summary>
    public async Task<IReadOnlyList<(int Slot, ScheduleEntry Entry)>> LoadAsync(Action<string, Exception> unreadable, CancellationToken ct)
    {
        var found = new List<(int, ScheduleEntry)>();
        if (store is null || await store.GetAsync(SizeKey, ct) is not { } stored)
        {
            return found;
        }

        var size = int.Parse(Encoding.UTF8.GetString(stored.Data), CultureInfo.InvariantCulture);
        var free = new List<int>();
        for (var from = 0; from < size; from += Growth)
        {
            var keys = Enumerable.Range(from, Math.Min(Growth, size - from)).Select(SlotKey).ToList();
            var values = await store.BulkGetAsync(keys, ct);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] is not { } value)
                {
                    free.Add(from + i);
                    continue;
                }

                try
                {
                    var entry = JsonSerializer.Deserialize(value.Data, ScheduleJson.Default.ScheduleEntry)!;
                    _ = ScheduleRules.Next(entry);
                    found.Add((from + i, entry));
                }
                catch (Exception broken) when (broken is JsonException or FormatException)
                {
                    unreadable(keys[i], broken);
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

    /// <summary>A slot for a new entry; <see cref="Free"/> gives it back.</summary>
    public async ValueTask<int> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_free.TryPop(out var slot))
                {
                    return slot;
                }
            }

            await GrowAsync(ct);
        }
    }

    public void Free(int slot)
    {
        lock (_gate)
        {
            _free.Push(slot);
        }
    }

    public async ValueTask PutAsync(int slot, ScheduleEntry entry, CancellationToken ct)
    {
        if (store is not null)
        {
            await store.ApplyAsync(Write(SlotKey(slot), JsonSerializer.SerializeToUtf8Bytes(entry, ScheduleJson.Default.ScheduleEntry)), ct);
        }
    }

    public async ValueTask RemoveAsync(int slot, CancellationToken ct)
    {
        if (store is not null)
        {
            await store.ApplyAsync(StateOperation.Delete(SlotKey(slot)), ct);
        }
    }

    public void Dispose() => _growing.Dispose();

    private async Task GrowAsync(CancellationToken ct)
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

            // The size is stored before a slot beyond the old one is used; a start would not look there otherwise.
            var size = _size + Growth;
            if (store is not null)
            {
                await store.ApplyAsync(Write(SizeKey, Encoding.UTF8.GetBytes(size.ToString(CultureInfo.InvariantCulture))), ct);
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

    // A time to live that the component sets for everything must not take a reminder away.
    private static StateOperation Write(string key, byte[] value) => StateOperation.Upsert(key, value) with { TtlSeconds = 0 };

    private string SizeKey => _prefix + "all||size";

    private string SlotKey(int slot) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{slot:D6}||slot");
}
