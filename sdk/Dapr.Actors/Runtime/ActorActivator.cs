#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>Makes and unmakes actors of one type.</summary>
public abstract class ActorActivator
{
    /// <summary>An actor for a host.</summary>
    public abstract Task<ActorActivatorState> CreateAsync(ActorHost host);

    /// <summary>Lets go of an actor.</summary>
    public abstract Task DeleteAsync(ActorActivatorState state);
}

/// <summary>An actor, and in derived classes what belongs to it.</summary>
public class ActorActivatorState(Actor actor)
{
    /// <summary>The actor.</summary>
    public Actor Actor { get; } = actor;
}

/// <summary>Makes the activator of each type.</summary>
public abstract class ActorActivatorFactory
{
    /// <summary>The activator of a type.</summary>
    public abstract ActorActivator CreateActivator(ActorTypeInformation type);
}
