using System.Text.Json;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Scheduling;

/// <summary>Where the jobs and reminders of an app lie: numbered slots in one of its state stores, so that a start reads those keys
/// and searches no others. Without a store they are in memory alone.</summary>
/// <remarks>A daprd keeps all this in its scheduler service, so no format is shared with it. The keys have an actor type of their own
/// (dapr.internal.default.APP.schedule) that no daprd registers. A slot whose entry is gone is used again.</remarks>
internal sealed class ScheduleStore(string appId, IStateStore? store) : IDisposable
{
    private readonly NumberedSlots _slots = new(store, $"{appId}||dapr.internal.default.{appId}.schedule||", growth: 256);

    public bool IsDurable => store is not null;

    /// <summary>Everything stored. Called once, before anything else. What cannot be read is left where it is and named.</summary>
    public async Task<IReadOnlyList<(int Slot, ScheduleEntry Entry)>> LoadAsync(Action<string, Exception> unreadable, CancellationToken ct)
    {
        var found = new List<(int, ScheduleEntry)>();
        foreach (var (slot, data) in await _slots.ReadAsync(ct) ?? [])
        {
            try
            {
                var entry = JsonSerializer.Deserialize(data.Span, ScheduleJson.Default.ScheduleEntry)!;
                _ = ScheduleRules.Next(entry);
                found.Add((slot, entry));
            }
            catch (Exception broken) when (broken is JsonException or FormatException)
            {
                unreadable(_slots.Key(slot), broken);
            }
        }

        return found;
    }

    /// <summary>A slot for a new entry; <see cref="Free"/> gives it back.</summary>
    public async ValueTask<int> TakeAsync(CancellationToken ct)
    {
        int slot;
        while (!_slots.TryTake(out slot))
        {
            await _slots.GrowAsync(ct);
        }

        return slot;
    }

    public void Free(int slot) => _slots.Free(slot);

    public async ValueTask PutAsync(int slot, ScheduleEntry entry, CancellationToken ct)
    {
        if (store is not null)
        {
            // A time to live that the component sets for everything must not take a reminder away.
            var data = JsonSerializer.SerializeToUtf8Bytes(entry, ScheduleJson.Default.ScheduleEntry);
            await store.ApplyAsync(StateOperation.Upsert(_slots.Key(slot), data) with { Ttl = StateTtl.Never }, ct);
        }
    }

    public async ValueTask RemoveAsync(int slot, CancellationToken ct)
    {
        if (store is not null)
        {
            await store.ApplyAsync(StateOperation.Delete(_slots.Key(slot)), ct);
        }
    }

    public void Dispose() => _slots.Dispose();
}
