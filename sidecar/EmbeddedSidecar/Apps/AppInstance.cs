using System.Collections.Concurrent;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Resources;
using EmbeddedSidecar.State;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Apps;

/// <summary>
/// One instance of one app and all that its sidecar has: identity, ports, components, subscriptions, policies, and the channel to
/// the app. A call on either port finds its instance here: see <see cref="Hosting.SidecarHost"/>.
/// </summary>
internal sealed class AppInstance(AppSettings settings, HostServices services, CancellationToken stopping) : IDisposable
{
    private readonly Dictionary<Type, object> _parts = [];
    private readonly CancellationTokenSource _stopping = CancellationTokenSource.CreateLinkedTokenSource(stopping);

    public AppSettings Settings { get; } = settings;

    public HostServices Services { get; } = services;

    public string AppId => Settings.AppId;

    /// <summary>Tells replicas of one app apart; new at each start.</summary>
    public Guid InstanceId { get; } = Guid.CreateVersion7(services.Clock.GetUtcNow());

    /// <summary>Used in keys and names wherever daprd uses it. Standalone Dapr knows only this one.</summary>
    public string Namespace { get; } = "default";

    /// <summary>Known once the process listens.</summary>
    public int HttpPort { get; set; } = settings.HttpPort;

    /// <summary>Known once the process listens.</summary>
    public int GrpcPort { get; set; } = settings.GrpcPort;

    /// <summary>Known once the process listens; null without metrics.</summary>
    public int? MetricsPort { get; set; } = settings.MetricsPort;

    /// <summary>What this sidecar counts; null when nobody asked for it.</summary>
    public DaprMetrics? Metrics { get; init; }

    /// <summary>Makes the spans of this sidecar; null when nobody asked for them.</summary>
    public AppTracer? Tracer { get; init; }

    public int MaxBodyBytes => Settings.MaxBodyBytes;

    public SidecarTokens Tokens { get; } = new(settings);

    /// <summary>Ends when the process stops, or the app asked its sidecar to.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Calls into the app. Fails every call while no app port is known.</summary>
    public required AppChannel Channel { get; init; }

    /// <summary>The resources in scope for this app.</summary>
    public required ResourceSet Resources { get; init; }

    /// <summary>Timeouts, retries and circuit breakers of this app.</summary>
    public required ResiliencyPolicies Resiliency { get; init; }

    /// <summary>The opened components by name. Complete before the first AppLoaded.</summary>
    public Dictionary<string, LoadedComponent> Components { get; } = new(StringComparer.Ordinal);

    /// <summary>Whom the app can invoke by name though no sidecar is there. Complete before the first AppLoaded.</summary>
    public Dictionary<string, Invoke.HttpEndpoint> HttpEndpoints { get; } = new(StringComparer.Ordinal);

    /// <summary>Components that say ignoreErrors and did not start.</summary>
    public HashSet<string> LeftOut { get; } = new(StringComparer.Ordinal);

    /// <summary>State stores by component name.</summary>
    public Dictionary<string, StateStore> StateStores { get; } = new(StringComparer.Ordinal);

    /// <summary>The store with actorStateStore: "true", or null.</summary>
    public StateStore? ActorStateStore => StateStores.Values.FirstOrDefault(store => store.IsActorStore);

    /// <summary>What the app answered to GET /dapr/config, or null; actors live there.</summary>
    public byte[]? AppConfig { get; set; }

    /// <summary>What the app answered to GET /dapr/subscribe; empty until it did.</summary>
    public IReadOnlyList<SubscriptionSpec> ProgrammaticSubscriptions { get; set; } = [];

    /// <summary>The input bindings that a gRPC app said it takes; empty until it did, and for HTTP apps, which are asked one by one.</summary>
    public IReadOnlyList<string> WantedBindings { get; set; } = [];

    /// <summary>True once the app was found and has told its subscriptions; the health check goes green then.</summary>
    public bool IsReady { get; set; }

    /// <summary>The app has sent its sidecar away: nobody is to get an answer any more, as from a process that has ended.</summary>
    public bool IsShutDown { get; private set; }

    /// <summary>False while the app is known not to listen.</summary>
    public bool IsReachable { get; set; }

    /// <summary>What PUT /v1.0/metadata stored.</summary>
    public ConcurrentDictionary<string, string> ExtendedMetadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds to the answer of GET /v1.0/metadata; each building block may add one.</summary>
    public List<Action<Metadata.MetadataDocument>> MetadataSources { get; } = [];

    /// <summary>POST /v1.0/shutdown: this app's sidecar stops serving; those of other apps go on.</summary>
    public void RequestShutdown()
    {
        IsShutDown = true;
        _stopping.Cancel();
    }

    public void Dispose()
    {
        Channel.Dispose();
        Tracer?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>All components of one kind with their names.</summary>
    public IEnumerable<KeyValuePair<string, T>> ComponentsOf<T>()
        where T : IComponent
    {
        foreach (var (name, loaded) in Components)
        {
            if (loaded.Component is T typed)
            {
                yield return KeyValuePair.Create(name, typed);
            }
        }
    }

    /// <summary>What a building block hung on this app at AppLoaded.</summary>
    public T Part<T>()
        where T : class =>
        (T)_parts[typeof(T)];

    /// <summary>Hangs the state of a building block on this app.</summary>
    public void AddPart<T>(T part)
        where T : class =>
        _parts.Add(typeof(T), part);
}

/// <summary>A component that is open, and the resource it came from.</summary>
internal sealed record LoadedComponent(ComponentSpec Spec, IComponent Component);
