using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Postgres;
using EmbeddedSidecar.RabbitMq;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.Components;

/// <summary>
/// A component of one app's sidecar. It is made when the sidecar starts (its constructor reads metadata and does no I/O), opened
/// before the app is served, and disposed when the sidecar stops.
/// </summary>
internal interface IComponent : IAsyncDisposable
{
    /// <summary>What the metadata API says it can do, such as ETAG or TTL.</summary>
    IReadOnlyList<string> Capabilities { get; }

    /// <summary>Connects. Failing stops the start of the sidecar, unless the component says ignoreErrors.</summary>
    Task OpenAsync(CancellationToken ct);
}

/// <summary>What a component is made from.</summary>
/// <param name="Metadata">Read every setting that is honoured; what is left is refused after the constructor.</param>
/// <param name="App">Whose sidecar this is; its components and channel are not there yet.</param>
internal sealed record ComponentContext(ComponentMetadata Metadata, AppInstance App, HostServices Services)
{
    public string Name => Metadata.Spec.Name;
}

/// <summary>What the whole process shares.</summary>
internal sealed record HostServices(TimeProvider Clock, ILoggerFactory Logs, RedisConnections Redis, RabbitMqConnections RabbitMq, PostgresServers Postgres);

/// <summary>Which component types exist. Building blocks add theirs at start.</summary>
internal sealed class ComponentRegistry
{
    private readonly Dictionary<string, (Func<ComponentContext, IComponent> Create, string[] Versions)> _types = new(StringComparer.Ordinal);

    /// <param name="type">As in spec.type, for example state.redis.</param>
    /// <param name="create">Called for each app that has such a component in scope.</param>
    /// <param name="versions">Which of spec.version; v1, or none, if nothing is said.</param>
    public void Add(string type, Func<ComponentContext, IComponent> create, params string[] versions) =>
        _types.Add(type, (create, versions.Length > 0 ? versions : ["", "v1"]));

    public bool Knows(string type) => _types.ContainsKey(type);

    /// <exception cref="SidecarConfigurationException">Unknown type or version, or a setting that is not supported.</exception>
    public IComponent Create(ComponentContext context)
    {
        var spec = context.Metadata.Spec;
        if (!_types.TryGetValue(spec.Type, out var type))
        {
            throw new SidecarConfigurationException(
                $"{spec.File}: component \"{spec.Name}\": type \"{spec.Type}\" is not supported by the embedded sidecar "
                + $"(it knows {string.Join(", ", _types.Keys.Order(StringComparer.Ordinal))}).");
        }

        if (!type.Versions.Contains(spec.Version))
        {
            throw new SidecarConfigurationException(
                $"{spec.File}: component \"{spec.Name}\" ({spec.Type}): version \"{spec.Version}\" is not supported by the embedded sidecar "
                + $"(it knows {type.Versions[^1]}).");
        }

        var component = type.Create(context);
        context.Metadata.RefuseUnread();
        return component;
    }
}
