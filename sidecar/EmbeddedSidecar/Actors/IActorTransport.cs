using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Actors;

/// <summary>The way to an app that hosts actors: HTTP calls to its port, or a stream it opened.</summary>
internal interface IActorTransport
{
    /// <exception cref="ActorCallException">The app could not be asked, or answered anything but 200.</exception>
    Task<ActorReply> InvokeAsync(ActorKey actor, ActorCall call, CancellationToken ct);

    /// <returns>True when the app wants no more of this reminder.</returns>
    /// <exception cref="ActorCallException">As for methods.</exception>
    Task<bool> RemindAsync(ActorKey actor, string name, byte[]? data, CancellationToken ct);

    /// <returns>True when the app wants no more of this timer.</returns>
    /// <exception cref="ActorCallException">As for methods.</exception>
    Task<bool> FireAsync(ActorKey actor, ActorTimer timer, CancellationToken ct);

    Task DeactivateAsync(ActorKey actor, CancellationToken ct);
}

/// <summary>A method call on its way to an actor.</summary>
/// <param name="Method">Decoded, without dot segments.</param>
/// <param name="Query">With its question mark, or empty.</param>
/// <param name="Headers">Those that cross, Content-Type included.</param>
internal sealed record ActorCall(string Method, string Query, ReadOnlyMemory<byte> Body, IReadOnlyList<KeyValuePair<string, StringValues>> Headers)
{
    public const string ReentrancyHeader = "Dapr-Reentrancy-Id";

    /// <summary>The chain the caller says this belongs to, or null.</summary>
    public string? ChainId =>
        Headers.FirstOrDefault(header => header.Key.Equals(ReentrancyHeader, StringComparison.OrdinalIgnoreCase)).Value is [{ Length: > 0 } id, ..] ? id : null;

    public ActorCall InChain(string id) => this with
    {
        Headers = [
            .. Headers.Where(header => !header.Key.Equals(ReentrancyHeader, StringComparison.OrdinalIgnoreCase)),
            KeyValuePair.Create(ReentrancyHeader, new StringValues(id))],
    };
}

/// <summary>What an actor answered, be it a result or an error of its own (the header X-DaprErrorResponseHeader tells).</summary>
internal sealed record ActorReply(byte[] Body, IReadOnlyList<KeyValuePair<string, StringValues>> Headers);
