#nullable disable
using System.Collections.ObjectModel;

namespace Dapr.Actors.Runtime;

/// <summary>An actor type that this app hosts.</summary>
public sealed class ActorRegistration
{
    /// <summary>With the app's options.</summary>
    public ActorRegistration(ActorTypeInformation type)
        : this(type, options: null)
    {
    }

    /// <summary>With options of its own.</summary>
    public ActorRegistration(ActorTypeInformation type, ActorRuntimeOptions options)
    {
        Type = type;
        TypeOptions = options;
    }

    /// <summary>The type.</summary>
    public ActorTypeInformation Type { get; }

    /// <summary>What makes its actors; null: dependency injection.</summary>
    public ActorActivator Activator { get; set; }

    /// <summary>Options of its own, if any.</summary>
    public ActorRuntimeOptions TypeOptions { get; }
}

/// <summary>The actor types that this app hosts.</summary>
public sealed class ActorRegistrationCollection : KeyedCollection<ActorTypeInformation, ActorRegistration>
{
    /// <summary>Hosts a type.</summary>
    public void RegisterActor<TActor>(Action<ActorRegistration> configure = null)
        where TActor : Actor => RegisterActor<TActor>(actorTypeName: null, typeOptions: null, configure);

    /// <summary>Hosts a type with options of its own.</summary>
    public void RegisterActor<TActor>(ActorRuntimeOptions typeOptions, Action<ActorRegistration> configure = null)
        where TActor : Actor => RegisterActor<TActor>(actorTypeName: null, typeOptions, configure);

    /// <summary>Hosts a type under a name.</summary>
    public void RegisterActor<TActor>(string actorTypeName, Action<ActorRegistration> configure = null)
        where TActor : Actor => RegisterActor<TActor>(actorTypeName, typeOptions: null, configure);

    /// <summary>Hosts a type under a name, with options of its own.</summary>
    /// <exception cref="ArgumentException">The class is no actor.</exception>
    public void RegisterActor<TActor>(string actorTypeName, ActorRuntimeOptions typeOptions, Action<ActorRegistration> configure = null)
        where TActor : Actor
    {
        var registration = new ActorRegistration(ActorTypeInformation.Get(typeof(TActor), actorTypeName), typeOptions);
        configure?.Invoke(registration);
        Add(registration);
    }

    /// <inheritdoc/>
    protected override ActorTypeInformation GetKeyForItem(ActorRegistration item) => item.Type;
}
