#nullable disable
using System.Collections.Concurrent;
using Dapr.Actors.Communication;

namespace Dapr.Actors.Client;

/// <summary>Makes proxies.</summary>
public class ActorProxyFactory : IActorProxyFactory
{
    private static readonly ConcurrentDictionary<Type, (Type Proxy, TypedCall[] Calls)> Proxies = new();
    private readonly HttpMessageHandler _handler;
    private ActorProxyOptions _defaults;

    /// <summary>With defaults for proxies that are made without options, and something to send with.</summary>
    [Obsolete("Use the constructor that takes an HttpMessageHandler.")]
    public ActorProxyFactory(ActorProxyOptions options, HttpClientHandler handler)
        : this(options, (HttpMessageHandler)handler)
    {
    }

    /// <summary>With defaults for proxies that are made without options, and something to send with; null: what the environment says.</summary>
    public ActorProxyFactory(ActorProxyOptions options = null, HttpMessageHandler handler = null)
    {
        _defaults = options ?? new ActorProxyOptions();
        _handler = handler;
    }

    /// <summary>Options of proxies that are made without.</summary>
    public ActorProxyOptions DefaultOptions
    {
        get => _defaults;
        set => _defaults = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <inheritdoc/>
    public TActorInterface CreateActorProxy<TActorInterface>(ActorId actorId, string actorType, ActorProxyOptions options = null)
        where TActorInterface : IActor => (TActorInterface)CreateActorProxy(actorId, typeof(TActorInterface), actorType, options);

    /// <inheritdoc/>
    public ActorProxy Create(ActorId actorId, string actorType, ActorProxyOptions options = null)
    {
        options ??= _defaults;
        return new ActorProxy(Sidecar(options), options.JsonSerializerOptions, actorId, actorType);
    }

    /// <inheritdoc/>
    public object CreateActorProxy(ActorId actorId, Type actorInterfaceType, string actorType, ActorProxyOptions options = null)
    {
        options ??= _defaults;
        var (type, calls) = Proxies.GetOrAdd(actorInterfaceType, Emit);
        var proxy = (ActorProxy)Activator.CreateInstance(type);
        var sidecar = Sidecar(options);
        var format = BodyFormat.For(options.UseJsonSerialization, options.JsonSerializerOptions);
        proxy.Initialize(sidecar, options.JsonSerializerOptions, actorId, actorType);
        EmittedTypes.SetSend(proxy, (number, arguments) => calls[number].Send(sidecar, format, actorId, actorType, arguments));
        return proxy;
    }

    private static (Type Proxy, TypedCall[] Calls) Emit(Type actorInterface)
    {
        RemotedMethod[] methods =
        [
            .. RemotedInterface.Of(actorInterface).Methods,
            .. actorInterface.GetInterfaces().Where(RemotedInterface.IsActorInterface).SelectMany(parent => RemotedInterface.Of(parent).Methods),
        ];
        return (EmittedTypes.Proxy(actorInterface, methods), [.. methods.Select(TypedCall.Of)]);
    }

    private SidecarActors Sidecar(ActorProxyOptions options) => new(_handler, options.HttpEndpoint, options.DaprApiToken, options.RequestTimeout);
}
