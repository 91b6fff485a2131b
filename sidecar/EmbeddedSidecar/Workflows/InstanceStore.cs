using System.Globalization;
using Dapr.DurableTask.Protobuf;
using Dapr.DurableTask.Protobuf.Backend;
using EmbeddedSidecar.State;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Workflows;

/// <summary>How instances of one app lie in the actor state store: Dapr's own keys and values, so that daprd can take over.</summary>
internal sealed class InstanceStore(string appId, IStateStore store)
{
    private const string MetadataName = "metadata";
    private const string CustomStatusName = "customStatus";
    private const string PropagatedName = "propagated-history";

    // Enough to load a usual instance in two round trips, small enough for any store.
    private const int LoadBatch = 512;

    private readonly string _prefix = $"{appId}||dapr.internal.default.{appId}.workflow||";

    public IStateStore Store { get; } = store;

    /// <summary>Null when there is no such instance.</summary>
    public async Task<(InstanceState State, StoredShape Shape)?> LoadAsync(string instanceId, CancellationToken ct)
    {
        var first = await Store.BulkGetAsync(
            [Key(instanceId, MetadataName), Key(instanceId, CustomStatusName), Key(instanceId, PropagatedName)], ct);
        if (first[0] is not { } stored)
        {
            return null;
        }

        var metadata = BackendWorkflowStateMetadata.Parser.ParseFrom(stored.Data);
        var history = await LoadEventsAsync(instanceId, "history", (int)metadata.HistoryLength, ct);
        var inbox = await LoadEventsAsync(instanceId, "inbox", (int)metadata.InboxLength, ct);
        var state = new InstanceState(instanceId, metadata.Generation);
        state.Load(history, inbox);
        state.CustomStatus = first[1] is { } status && status.Data.Length > 0 ? StringValue.Parser.ParseFrom(status.Data).Value : null;
        state.Propagated = first[2] is { } propagated ? PropagatedHistory.Parser.ParseFrom(propagated.Data) : null;
        return (state, new StoredShape
        {
            ETag = stored.ETag,
            Generation = metadata.Generation,
            HistoryCount = history.Count,
            Inbox = inbox,
            CustomStatus = state.CustomStatus,
            HasPropagated = state.Propagated is not null,
        });
    }

    /// <summary>The writes that bring the store from one shape to the present state; the metadata key comes first and is guarded.</summary>
    public (List<StateOperation> Operations, StoredShape Next) Diff(InstanceState state, StoredShape stored)
    {
        var operations = new List<StateOperation>
        {
            StateOperation.Upsert(
                Key(state.InstanceId, MetadataName),
                new BackendWorkflowStateMetadata
                {
                    Generation = state.Generation,
                    HistoryLength = (ulong)state.History.Count,
                    InboxLength = (ulong)state.Inbox.Count,
                }.ToByteArray(),
                stored.ETag),
        };
        var kept = state.Generation == stored.Generation ? stored.HistoryCount : 0;
        for (var i = kept; i < state.History.Count; i++)
        {
            operations.Add(StateOperation.Upsert(Key(state.InstanceId, "history", i), state.History[i].ToByteArray()));
        }

        for (var i = state.History.Count; i < stored.HistoryCount; i++)
        {
            operations.Add(StateOperation.Delete(Key(state.InstanceId, "history", i)));
        }

        for (var i = 0; i < Math.Max(state.Inbox.Count, stored.Inbox.Count); i++)
        {
            if (i >= state.Inbox.Count)
            {
                operations.Add(StateOperation.Delete(Key(state.InstanceId, "inbox", i)));
            }
            else if (i >= stored.Inbox.Count || !ReferenceEquals(state.Inbox[i], stored.Inbox[i]))
            {
                operations.Add(StateOperation.Upsert(Key(state.InstanceId, "inbox", i), state.Inbox[i].ToByteArray()));
            }
        }

        DiffExtras(state, stored, operations);
        return (operations, new StoredShape
        {
            Generation = state.Generation,
            HistoryCount = state.History.Count,
            Inbox = [.. state.Inbox],
            CustomStatus = state.CustomStatus,
            HasPropagated = state.Propagated is not null,
        });
    }

    /// <summary>The writes that remove an instance.</summary>
    public List<StateOperation> Erase(string instanceId, StoredShape stored)
    {
        var operations = new List<StateOperation> { StateOperation.Delete(Key(instanceId, MetadataName), stored.ETag) };
        for (var i = 0; i < stored.HistoryCount; i++)
        {
            operations.Add(StateOperation.Delete(Key(instanceId, "history", i)));
        }

        for (var i = 0; i < stored.Inbox.Count; i++)
        {
            operations.Add(StateOperation.Delete(Key(instanceId, "inbox", i)));
        }

        operations.Add(StateOperation.Delete(Key(instanceId, CustomStatusName)));
        operations.Add(StateOperation.Delete(Key(instanceId, PropagatedName)));
        return operations;
    }

    /// <summary>True when the store already holds what a write whose answer was lost wanted to store.</summary>
    public async Task<string?> FindOwnWriteAsync(string instanceId, StoredShape wanted, CancellationToken ct)
    {
        if (await Store.GetAsync(Key(instanceId, MetadataName), ct) is not { } stored)
        {
            return null;
        }

        var metadata = BackendWorkflowStateMetadata.Parser.ParseFrom(stored.Data);
        return metadata.Generation == wanted.Generation
            && metadata.HistoryLength == (ulong)wanted.HistoryCount
            && metadata.InboxLength == (ulong)wanted.Inbox.Count
            ? stored.ETag
            : null;
    }

    /// <summary>The ids of all instances, running and finished, in no order.</summary>
    public async IAsyncEnumerable<string> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        const string suffix = "||" + MetadataName;
        await foreach (var key in Store.KeysAsync(_prefix, suffix, ct))
        {
            yield return key[_prefix.Length..^suffix.Length];
        }
    }

    private void DiffExtras(InstanceState state, StoredShape stored, List<StateOperation> operations)
    {
        if (!Equals(state.CustomStatus, stored.CustomStatus))
        {
            operations.Add(state.CustomStatus is { } status
                ? StateOperation.Upsert(Key(state.InstanceId, CustomStatusName), new StringValue { Value = status }.ToByteArray())
                : StateOperation.Delete(Key(state.InstanceId, CustomStatusName)));
        }

        if (state.Propagated is { } propagated && !stored.HasPropagated)
        {
            operations.Add(StateOperation.Upsert(Key(state.InstanceId, PropagatedName), propagated.ToByteArray()));
        }
        else if (state.Propagated is null && stored.HasPropagated)
        {
            operations.Add(StateOperation.Delete(Key(state.InstanceId, PropagatedName)));
        }
    }

    private async Task<List<HistoryEvent>> LoadEventsAsync(string instanceId, string kind, int count, CancellationToken ct)
    {
        var events = new List<HistoryEvent>(count);
        while (events.Count < count)
        {
            var keys = Enumerable.Range(events.Count, Math.Min(LoadBatch, count - events.Count))
                .Select(i => Key(instanceId, kind, i)).ToList();
            foreach (var value in await Store.BulkGetAsync(keys, ct))
            {
                events.Add(value is null
                    ? throw new InvalidDataException($"Workflow {instanceId}: {kind} entry {events.Count} of {count} is missing.")
                    : HistoryEvent.Parser.ParseFrom(value.Data));
            }
        }

        return events;
    }

    private string Key(string instanceId, string name) => string.Concat(_prefix, instanceId, "||", name);

    private string Key(string instanceId, string kind, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix}{instanceId}||{kind}-{index:D6}");
}

/// <summary>What of an instance lies in the store.</summary>
internal sealed record StoredShape
{
    public string? ETag { get; init; }

    public ulong Generation { get; init; }

    public int HistoryCount { get; init; }

    /// <summary>The stored events themselves: an inbox shrinks at its head, so positions alone say nothing.</summary>
    public List<HistoryEvent> Inbox { get; init; } = [];

    public string? CustomStatus { get; init; }

    public bool HasPropagated { get; init; }
}
