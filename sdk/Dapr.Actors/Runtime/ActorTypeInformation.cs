#nullable disable
using System.Reflection;
using Dapr.Actors.Communication;

namespace Dapr.Actors.Runtime;

/// <summary>An actor class: its name for callers and the interfaces it offers.</summary>
public sealed class ActorTypeInformation
{
    private ActorTypeInformation()
    {
    }

    /// <summary>Name for callers.</summary>
    public string ActorTypeName { get; private set; }

    /// <summary>The class.</summary>
    public Type ImplementationType { get; private set; }

    /// <summary>The interfaces it offers.</summary>
    public IEnumerable<Type> InterfaceTypes { get; private set; }

    /// <summary>Whether it can only be derived from.</summary>
    public bool IsAbstract { get; private set; }

    /// <summary>Whether reminders reach it.</summary>
    public bool IsRemindable { get; private set; }

    /// <summary>What is known of an actor class; false if it is none.</summary>
    [Obsolete("Use Get(Type, string).")]
    public static bool TryGet(Type actorType, out ActorTypeInformation actorTypeInformation)
    {
        try
        {
            actorTypeInformation = Get(actorType, actorTypeName: null);
            return true;
        }
        catch (ArgumentException)
        {
            actorTypeInformation = null;
            return false;
        }
    }

    /// <summary>What is known of an actor class.</summary>
    [Obsolete("Use Get(Type, string).")]
    public static ActorTypeInformation Get(Type actorType) => Get(actorType, actorTypeName: null);

    /// <summary>What is known of an actor class; its name is the argument, else that of <see cref="ActorAttribute"/>, else the class's.</summary>
    /// <exception cref="ArgumentException">It does not derive from <see cref="Actor"/>, or offers no interface that derives from <see cref="IActor"/> alone.</exception>
    public static ActorTypeInformation Get(Type actorType, string actorTypeName)
    {
        if (!actorType.IsSubclassOf(typeof(Actor)))
        {
            throw new ArgumentException($"{actorType.FullName} does not derive from {typeof(Actor).FullName}.", nameof(actorType));
        }

        var offered = actorType.GetInterfaces().Where(RemotedInterface.IsActorInterface).ToArray();
        if (offered.Length == 0 && !actorType.IsAbstract)
        {
            throw new ArgumentException($"{actorType.FullName} offers no interface that derives from {typeof(IActor).FullName}.", nameof(actorType));
        }

        return new ActorTypeInformation
        {
            ActorTypeName = actorTypeName ?? actorType.GetCustomAttribute<ActorAttribute>()?.TypeName ?? actorType.Name,
            ImplementationType = actorType,
            InterfaceTypes = offered,
            IsAbstract = actorType.IsAbstract,
            IsRemindable = typeof(IRemindable).IsAssignableFrom(actorType),
        };
    }
}
