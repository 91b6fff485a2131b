namespace EmbeddedSidecar.Metadata;

/// <summary>What building blocks add to the answer of the metadata API.</summary>
internal sealed class MetadataDocument
{
    public List<SubscriptionEntry> Subscriptions { get; } = [];

    /// <summary>Streams of GetWorkItems that are open now.</summary>
    public int ConnectedWorkers { get; set; }

    /// <summary>True when actors or workflows are served.</summary>
    public bool ActorRuntimeRuns { get; set; }

    /// <summary>Active actors by type.</summary>
    public Dictionary<string, int> ActiveActors { get; } = new(StringComparer.Ordinal);

    /// <param name="Type">DECLARATIVE, PROGRAMMATIC or STREAMING.</param>
    internal sealed record SubscriptionEntry(
        string PubsubName,
        string Topic,
        IReadOnlyDictionary<string, string> Metadata,
        IReadOnlyList<Resources.RouteRule> Rules,
        string? DeadLetterTopic,
        Resources.SubscriptionSource Type);
}
