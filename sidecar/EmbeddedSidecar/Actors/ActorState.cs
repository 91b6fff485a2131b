using System.Text;
using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Actors;

/// <summary>The state of actors: keys as Dapr has them, in the store with actorStateStore: "true".</summary>
/// <remarks>Replicas share the store of the first, so that a store in memory follows an actor that moves.</remarks>
internal sealed class ActorState(AppInstance app, StateStore? store, ActorRuntime actors)
{
    /// <exception cref="Api.DaprException">In the words of the API.</exception>
    public async Task<StateValue?> GetAsync(ActorKey actor, string key, CancellationToken ct)
    {
        var from = store ?? throw ActorErrors.NoStore();
        try
        {
            return await Policy(from).RunAsync(token => from.Store.GetAsync(Key(actor, key), token), ct);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw ActorErrors.Failed("ERR_ACTOR_STATE_GET", "error getting actor state", failed);
        }
    }

    /// <summary>Stores all or nothing. The actor must be active at this app instance.</summary>
    /// <exception cref="Api.DaprException">In the words of the API.</exception>
    public async Task TransactAsync(ActorKey actor, IEnumerable<ActorStateOperation> wanted, CancellationToken ct)
    {
        if (!actors.IsActive(app, actor))
        {
            throw ActorErrors.NotActive();
        }

        var to = store ?? throw ActorErrors.NoStore();
        try
        {
            var operations = wanted.Select(one => Operation(actor, one)).ToList();
            if (operations.Count > 0)
            {
                await Policy(to).RunAsync(async token => await to.Store.TransactAsync(operations, allOrNothing: true, token), ct);
            }
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw ActorErrors.Failed("ERR_ACTOR_STATE_TRANSACTION_SAVE", "error saving actor transaction state", failed);
        }
    }

    /// <summary>A value that came as JSON, as the store keeps it.</summary>
    public byte[] Encode(JsonElement value) => store?.Store.Encode(value) ?? [];

    private StateOperation Operation(ActorKey actor, ActorStateOperation wanted)
    {
        if (wanted.Key.Length == 0)
        {
            throw new FormatException("missing key");
        }

        if (wanted.Metadata.ContainsKey("ttlInSeconds") && !app.Resources.Configuration.ActorStateTtl)
        {
            throw new FormatException("ttlInSeconds is not supported without the \"ActorStateTTL\" feature enabled");
        }

        var key = Key(actor, wanted.Key);
        return wanted.Operation switch
        {
            "upsert" => StateOperation.Upsert(key, wanted.Value, wanted.ETag) with { Ttl = StateTtl.Of(wanted.Metadata) },
            "delete" => StateOperation.Delete(key, wanted.ETag),
            _ => throw new FormatException($"operation type {wanted.Operation} not supported"),
        };
    }

    private Resiliency.Policy Policy(StateStore of) => app.Resiliency.ForComponentOutbound(of.Name, "Statestore");

    private string Key(ActorKey actor, string key) =>
        new StringBuilder(app.AppId).Append(StateStore.Separator).Append(actor).Append(StateStore.Separator).Append(key).ToString();
}

/// <summary>One operation of a transaction.</summary>
/// <param name="Operation">upsert or delete; anything else is refused.</param>
internal sealed record ActorStateOperation(string Operation, string Key, ReadOnlyMemory<byte> Value, string? ETag, IReadOnlyDictionary<string, string> Metadata)
{
    public static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();
}
