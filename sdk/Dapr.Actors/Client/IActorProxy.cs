#nullable disable
namespace Dapr.Actors.Client;

/// <summary>Stands for an actor that may be anywhere.</summary>
public interface IActorProxy
{
    /// <summary>Which actor.</summary>
    ActorId ActorId { get; }

    /// <summary>Of which type.</summary>
    string ActorType { get; }
}

/// <summary>Makes proxies.</summary>
public interface IActorProxyFactory
{
    /// <summary>A proxy with an actor's interface.</summary>
    /// <exception cref="ArgumentException">The interface cannot be called over the wire.</exception>
    TActorInterface CreateActorProxy<TActorInterface>(ActorId actorId, string actorType, ActorProxyOptions options = null)
        where TActorInterface : IActor;

    /// <summary>A proxy with an actor's interface.</summary>
    /// <exception cref="ArgumentException">The interface cannot be called over the wire.</exception>
    object CreateActorProxy(ActorId actorId, Type actorInterfaceType, string actorType, ActorProxyOptions options = null);

    /// <summary>A proxy that calls methods by name, with JSON.</summary>
    ActorProxy Create(ActorId actorId, string actorType, ActorProxyOptions options = null);
}
