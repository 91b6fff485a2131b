#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>What a sidecar says of itself.</summary>
public sealed class DaprMetadata(
    string id, IReadOnlyList<DaprActorMetadata> actors, IReadOnlyDictionary<string, string> extended, IReadOnlyList<DaprComponentsMetadata> components)
{
    /// <summary>The app id.</summary>
    public string Id { get; } = id;

    /// <summary>Actors that are active, by type.</summary>
    public IReadOnlyList<DaprActorMetadata> Actors { get; } = actors;

    /// <summary>Attributes that the app and the runtime added.</summary>
    public IReadOnlyDictionary<string, string> Extended { get; } = extended;

    /// <summary>Components that are loaded.</summary>
    public IReadOnlyList<DaprComponentsMetadata> Components { get; } = components;
}

/// <summary>A type of actors.</summary>
public sealed class DaprActorMetadata(string type, int count)
{
    /// <summary>Its name.</summary>
    public string Type { get; } = type;

    /// <summary>How many are active.</summary>
    public int Count { get; } = count;
}

/// <summary>A component.</summary>
public sealed class DaprComponentsMetadata(string name, string type, string version, string[] capabilities)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Its type, such as state.redis.</summary>
    public string Type { get; } = type;

    /// <summary>Its version.</summary>
    public string Version { get; } = version;

    /// <summary>What it can do, such as ETAG.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
    public string[] Capabilities { get; } = capabilities;
}
