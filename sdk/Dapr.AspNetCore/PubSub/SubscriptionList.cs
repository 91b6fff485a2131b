using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;

namespace Dapr.AspNetCore;

/// <summary>A subscription as the sidecar reads it.</summary>
internal sealed record Subscription(string Topic, string PubsubName)
{
    public string? Route { get; init; }

    public SubscriptionRoutes? Routes { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public string? DeadLetterTopic { get; init; }

    public SubscriptionBulk? BulkSubscribe { get; init; }
}

internal sealed record SubscriptionRoutes(IReadOnlyList<SubscriptionRule>? Rules, string? Default);

internal sealed record SubscriptionRule(string Match, string Path);

internal sealed record SubscriptionBulk(bool Enabled, int MaxMessagesCount, int MaxAwaitDurationMs);

/// <summary>From the endpoints' metadata to the list of subscriptions: one per pub/sub and topic, in that order.</summary>
internal static partial class SubscriptionList
{
    private const string RawPayload = "rawPayload";

    public static List<Subscription> From(IReadOnlyList<Endpoint> endpoints, bool rawEverywhere, ILogger? logger) =>
    [
        .. endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<ITopicMetadata>().Select(topic => new Part(endpoint, topic)))
            .GroupBy(part => (part.Topic.PubsubName, part.Topic.Name))
            .OrderBy(group => group.Key.PubsubName, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Name, StringComparer.Ordinal)
            .Select(group => One(group.Key.PubsubName, group.Key.Name, [.. group.OrderBy(part => part.Topic.Priority)], rawEverywhere, logger)),
    ];

    // Routes and pairs come from every part; what a subscription has once comes from the part of the lowest priority number.
    private static Subscription One(string pubsub, string topic, Part[] parts, bool rawEverywhere, ILogger? logger)
    {
        var defaults = parts.Where(part => string.IsNullOrEmpty(part.Topic.Match)).Select(part => part.Path).ToArray();
        var matching = parts.Where(part => !string.IsNullOrEmpty(part.Topic.Match)).ToArray();
        if (logger is not null)
        {
            Report(logger, pubsub, topic, defaults, matching);
        }

        var first = parts[0];
        var rules = matching.Select(part => new SubscriptionRule(part.Topic.Match, part.Path)).ToArray();
        var route = defaults.FirstOrDefault();
        return new Subscription(topic, pubsub)
        {
            Route = rules.Length == 0 ? route : null,
            Routes = rules.Length == 0 ? null : new SubscriptionRoutes(rules, route),
            Metadata = Pairs(parts, rawEverywhere),
            DeadLetterTopic = (first.Topic as IDeadLetterTopicMetadata)?.DeadLetterTopic,
            BulkSubscribe = first.Endpoint.Metadata.GetOrderedMetadata<IBulkSubscribeMetadata>()
                .Where(bulk => bulk.TopicName == topic)
                .Select(bulk => new SubscriptionBulk(Enabled: true, bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs))
                .FirstOrDefault(),
        };
    }

    private static Dictionary<string, string>? Pairs(Part[] parts, bool rawEverywhere)
    {
        var separator = parts.Select(part => (part.Topic as IOwnedOriginalTopicMetadata)?.MetadataSeparator).FirstOrDefault(text => !string.IsNullOrEmpty(text)) ?? ",";
        var pairs = parts.SelectMany(part => part.Pairs)
            .GroupBy(pair => pair.Name, pair => pair.Value)
            .ToDictionary(group => group.Key, group => string.Join(separator, group.Distinct()));
        if (rawEverywhere || parts.Any(part => (part.Topic as IRawTopicMetadata)?.EnableRawPayload == true))
        {
            pairs[RawPayload] = "true";
        }

        return pairs.Count > 0 ? pairs : null;
    }

    private static void Report(ILogger logger, string pubsub, string topic, string[] defaults, Part[] matching)
    {
        if (defaults.Length > 1)
        {
            SeveralDefaults(logger, pubsub, topic, string.Join(", ", defaults));
        }

        foreach (var same in matching.GroupBy(part => part.Topic.Priority).Where(group => group.Count() > 1))
        {
            SamePriority(logger, pubsub, topic, same.Count(), same.Key);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Several default routes for topic {Topic} of {Pubsub}: {Routes}; the first is used")]
    private static partial void SeveralDefaults(ILogger logger, string pubsub, string topic, string routes);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} rules for topic {Topic} of {Pubsub} have priority {Priority}; they are tried in the order of the endpoints")]
    private static partial void SamePriority(ILogger logger, string pubsub, string topic, int count, int priority);

    private sealed record Part(RouteEndpoint Endpoint, ITopicMetadata Topic)
    {
        // Paths go out without a leading slash, and a sidecar cannot fill a route parameter in.
        public string Path { get; } = string.Join('/', Endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Literal))));

        public IEnumerable<IOriginalTopicMetadata> Pairs => Endpoint.Metadata.GetOrderedMetadata<IOriginalTopicMetadata>()
            .Where(pair => string.IsNullOrEmpty(pair.Id) || (Topic as IOwnedOriginalTopicMetadata)?.OwnedMetadatas?.Contains(pair.Id) == true);

        private static string Literal(RoutePatternPart part) => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            _ => throw new InvalidOperationException("A subscribed route must not have parameters."),
        };
    }
}
