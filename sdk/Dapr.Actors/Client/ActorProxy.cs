#nullable disable
using System.Text.Json;
using Dapr.Actors.Communication;

namespace Dapr.Actors.Client;

/// <summary>Stands for an actor that may be anywhere; calls its methods by name, with JSON.</summary>
public class ActorProxy : IActorProxy
{
    private const string Json = "application/json; charset=utf-8";
    private SidecarActors _sidecar;
    private JsonSerializerOptions _json;

    /// <summary>Only a factory makes proxies that can call.</summary>
    protected ActorProxy()
    {
    }

    internal ActorProxy(SidecarActors sidecar, JsonSerializerOptions json, ActorId actorId, string actorType) =>
        Initialize(sidecar, json, actorId, actorType);

    /// <summary>Makes proxies by what the environment says.</summary>
    public static IActorProxyFactory DefaultProxyFactory { get; } = new ActorProxyFactory();

    /// <inheritdoc/>
    public ActorId ActorId { get; private set; }

    /// <inheritdoc/>
    public string ActorType { get; private set; }

    /// <summary>A proxy with an actor's interface.</summary>
    /// <exception cref="ArgumentException">The interface cannot be called over the wire.</exception>
    public static TActorInterface Create<TActorInterface>(ActorId actorId, string actorType, ActorProxyOptions options = null)
        where TActorInterface : IActor => DefaultProxyFactory.CreateActorProxy<TActorInterface>(actorId, actorType, options);

    /// <summary>A proxy with an actor's interface.</summary>
    /// <exception cref="ArgumentException">The interface cannot be called over the wire.</exception>
    public static object Create(ActorId actorId, Type actorInterfaceType, string actorType, ActorProxyOptions options = null) =>
        typeof(IActor).IsAssignableFrom(actorInterfaceType)
            ? DefaultProxyFactory.CreateActorProxy(actorId, actorInterfaceType, actorType, options)
            : throw new ArgumentException("An actor's interface derives from IActor.", nameof(actorInterfaceType));

    /// <summary>A proxy that calls methods by name.</summary>
    public static ActorProxy Create(ActorId actorId, string actorType, ActorProxyOptions options = null) =>
        DefaultProxyFactory.Create(actorId, actorType, options);

    /// <summary>Calls a method that takes a value and answers with one.</summary>
    /// <exception cref="DaprApiException">The runtime or the actor answered with an error.</exception>
    public async Task<TResponse> InvokeMethodAsync<TRequest, TResponse>(string method, TRequest data, CancellationToken cancellationToken = default) =>
        Read<TResponse>(await CallAsync(method, JsonSerializer.SerializeToUtf8Bytes(data, _json), cancellationToken).ConfigureAwait(false));

    /// <summary>Calls a method that takes a value.</summary>
    /// <exception cref="DaprApiException">The runtime or the actor answered with an error.</exception>
    public Task InvokeMethodAsync<TRequest>(string method, TRequest data, CancellationToken cancellationToken = default) =>
        CallAsync(method, JsonSerializer.SerializeToUtf8Bytes(data, _json), cancellationToken);

    /// <summary>Calls a method that answers with a value.</summary>
    /// <exception cref="DaprApiException">The runtime or the actor answered with an error.</exception>
    public async Task<TResponse> InvokeMethodAsync<TResponse>(string method, CancellationToken cancellationToken = default) =>
        Read<TResponse>(await CallAsync(method, body: null, cancellationToken).ConfigureAwait(false));

    /// <summary>Calls a method.</summary>
    /// <exception cref="DaprApiException">The runtime or the actor answered with an error.</exception>
    public Task InvokeMethodAsync(string method, CancellationToken cancellationToken = default) => CallAsync(method, body: null, cancellationToken);

    internal void Initialize(SidecarActors sidecar, JsonSerializerOptions json, ActorId actorId, string actorType)
    {
        _sidecar = sidecar;
        _json = json;
        ActorId = actorId;
        ActorType = actorType;
    }

    private async Task<byte[]> CallAsync(string method, byte[] body, CancellationToken ct) =>
        (await _sidecar.InvokeAsync(ActorType, ActorId.ToString(), method, body, body is null ? null : Json, header: null, ct).ConfigureAwait(false)).Body;

    private T Read<T>(byte[] body) => JsonSerializer.Deserialize<T>(body, _json);
}
