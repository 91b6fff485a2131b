#nullable disable
using System.Runtime.Serialization;
using Dapr.Actors.Client;
using Dapr.Actors.Communication;
using Dapr.Actors.Runtime;

namespace Dapr.Actors;

/// <summary>An actor as it goes over the wire: what a proxy or an actor becomes when it is an argument or a result.</summary>
[DataContract(Name = "ActorReference", Namespace = RemotingHeaders.Namespace)]
public sealed class ActorReference
{
    /// <summary>Which actor.</summary>
    [DataMember(Name = "ActorId", Order = 0, IsRequired = true)]
    public ActorId ActorId { get; set; }

    /// <summary>Of which type.</summary>
    [DataMember(Name = "ActorType", Order = 0, IsRequired = true)]
    public string ActorType { get; set; }

    /// <summary>The reference to a proxy's or an actor's actor; null for null.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is neither.</exception>
    public static ActorReference Get(object actor) => actor switch
    {
        null => null,
        IActorProxy proxy => new ActorReference { ActorId = proxy.ActorId, ActorType = proxy.ActorType },
        Actor self => new ActorReference { ActorId = self.Id, ActorType = self.Host.ActorTypeInfo.ActorTypeName },
        _ => throw new ArgumentOutOfRangeException(nameof(actor), "Neither an actor nor a proxy of one."),
    };

    /// <summary>A proxy for the actor, through <see cref="ActorProxy.DefaultProxyFactory"/>.</summary>
    public object Bind(Type actorInterfaceType) => ActorProxy.DefaultProxyFactory.CreateActorProxy(ActorId, actorInterfaceType, ActorType);
}
