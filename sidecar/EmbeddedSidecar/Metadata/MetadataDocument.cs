namespace EmbeddedSidecar.Metadata;

/// <summary>What building blocks add to the answer of the metadata API.</summary>
internal sealed class MetadataDocument
{
    public List<SubscriptionEntry> Subscriptions { get; } = [];

    /// <summary>Streams of GetWorkItems that are open now.</summary>
    public int ConnectedWorkers { get; set; }

    /// <summary>True once actors can be called and, if the app has any, hosted.</summary>
    public bool ActorRuntimeRuns { get; set; }

    /// <summary>Hosted types, and how many actors of each are active.</summary>
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
