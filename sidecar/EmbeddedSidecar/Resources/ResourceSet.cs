using EmbeddedSidecar.Workflows;

namespace EmbeddedSidecar.Resources;

/// <summary>The resources in scope for one app, as the files have them.</summary>
internal sealed record ResourceSet
{
    public static readonly ResourceSet Empty = new();

    public IReadOnlyList<ComponentResource> Components { get; init; } = [];

    public IReadOnlyList<SubscriptionSpec> Subscriptions { get; init; } = [];

    public IReadOnlyList<HttpEndpointResource> HttpEndpoints { get; init; } = [];

    public IReadOnlyList<ResiliencyResource> Resiliencies { get; init; } = [];

    public ConfigurationResource Configuration { get; init; } = ConfigurationResource.Default;
}

/// <summary>A Component before secrets and templates are put in.</summary>
internal sealed record ComponentResource(
    string Name,
    string Type,
    string Version,
    string File,
    IReadOnlyList<MetadataEntry> Metadata,
    string? SecretStore,
    bool IgnoreErrors,
    TimeSpan? InitTimeout);

/// <summary>One entry of spec.metadata: exactly one of value, secret or variable.</summary>
internal sealed record MetadataEntry(string Name, string? Value, string? SecretName, string? SecretKey, string? Variable);

/// <summary>A subscription, declared in a file or told by the app.</summary>
/// <param name="Rules">Tried in order; the first whose CEL expression holds decides the path.</param>
/// <param name="DefaultPath">When no rule matches; null = then the message is dropped.</param>
internal sealed record SubscriptionSpec(
    string Name,
    string PubsubName,
    string Topic,
    IReadOnlyList<RouteRule> Rules,
    string? DefaultPath,
    string? DeadLetterTopic,
    IReadOnlyDictionary<string, string> Metadata,
    BulkSpec? Bulk,
    SubscriptionSource Source,
    string File);

internal enum SubscriptionSource
{
    Declarative = 1,
    Programmatic = 2,
    Streaming = 3,
}

/// <param name="Match">A CEL expression over event; empty = always.</param>
internal sealed record RouteRule(string Match, string Path);

/// <summary>bulkSubscribe with enabled: true.</summary>
internal sealed record BulkSpec(int MaxMessages = 100, int MaxAwaitMilliseconds = 1000);

/// <summary>A Resiliency resource; read further by <see cref="EmbeddedSidecar.Resiliency.ResiliencyPolicies"/>.</summary>
internal sealed record ResiliencyResource(string Name, YamlMap Spec);

/// <summary>What a Configuration resource says that the embedded sidecar honours.</summary>
internal sealed record ConfigurationResource(
    string Name, IReadOnlyList<SecretScope> SecretScopes, bool ActorStateTtl, int? MaxConcurrentWorkflows, int? MaxConcurrentActivities)
{
    public static readonly ConfigurationResource Default = new("", [], false, null, null);

    public TracingSpec Tracing { get; init; } = TracingSpec.Off;

    public MetricsSpec Metrics { get; init; } = MetricsSpec.Standard;

    public RetentionPolicy Retention { get; init; } = RetentionPolicy.KeepForEver;
}

/// <summary>spec.secrets.scopes[]: what an app may read of a secret store.</summary>
internal sealed record SecretScope(string StoreName, bool DenyByDefault, IReadOnlyList<string> Allowed, IReadOnlyList<string> Denied)
{
    /// <summary>A non-empty allowed list decides alone; then the denied list; then the default.</summary>
    public bool Allows(string secret) =>
        Allowed.Count > 0 ? Allowed.Contains(secret)
        : !Denied.Contains(secret) && !DenyByDefault;
}
