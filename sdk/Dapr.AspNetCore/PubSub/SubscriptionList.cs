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

    public static List<Subscription> From(IReadOnlyList<Endpoint> endpoints, bool rawByDefault, ILogger? logger) =>
    [
        .. endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<ITopicMetadata>().Select(topic => new Part(endpoint, topic)))
            .GroupBy(part => (part.Topic.PubsubName, part.Topic.Name))
            .OrderBy(group => group.Key.PubsubName, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Name, StringComparer.Ordinal)
            .Select(group => One(group.Key.PubsubName, group.Key.Name, [.. group], rawByDefault, logger)),
    ];

    private static Subscription One(string pubsub, string topic, Part[] parts, bool rawByDefault, ILogger? logger)
    {
        var defaults = parts.Where(part => string.IsNullOrEmpty(part.Topic.Match)).Select(part => part.Path).Distinct().ToArray();
        if (defaults.Length > 1 && logger is not null)
        {
            SeveralDefaults(logger, pubsub, topic, string.Join(", ", defaults));
        }

        var rules = parts.Where(part => !string.IsNullOrEmpty(part.Topic.Match))
            .OrderBy(part => part.Topic.Priority)
            .Select(part => new SubscriptionRule(part.Topic.Match, part.Path))
            .ToArray();
        var route = defaults.FirstOrDefault();
        return new Subscription(topic, pubsub)
        {
            Route = rules.Length == 0 ? route : null,
            Routes = rules.Length == 0 ? null : new SubscriptionRoutes(rules, route),
            Metadata = Pairs(parts, rawByDefault),
            DeadLetterTopic = parts.Select(part => (part.Topic as IDeadLetterTopicMetadata)?.DeadLetterTopic).LastOrDefault(name => !string.IsNullOrEmpty(name)),
            BulkSubscribe = parts
                .SelectMany(part => part.Endpoint.Metadata.GetOrderedMetadata<IBulkSubscribeMetadata>())
                .Where(bulk => bulk.TopicName == topic)
                .Select(bulk => new SubscriptionBulk(Enabled: true, bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs))
                .FirstOrDefault(),
        };
    }

    private static Dictionary<string, string>? Pairs(Part[] parts, bool rawByDefault)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var (endpoint, topic) in parts)
        {
            var owned = topic as IOwnedOriginalTopicMetadata;
            var separator = string.IsNullOrEmpty(owned?.MetadataSeparator) ? "," : owned.MetadataSeparator;
            var groups = endpoint.Metadata.GetOrderedMetadata<IOriginalTopicMetadata>()
                .Where(pair => string.IsNullOrEmpty(pair.Id) || owned?.OwnedMetadatas?.Contains(pair.Id) == true)
                .GroupBy(pair => pair.Name);
            foreach (var group in groups)
            {
                pairs[group.Key] = string.Join(separator, group.Select(pair => pair.Value).Distinct());
            }

            if ((topic as IRawTopicMetadata)?.EnableRawPayload ?? rawByDefault)
            {
                pairs[RawPayload] = "true";
            }
        }

        return pairs.Count > 0 ? pairs : null;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Several default routes for topic {Topic} of {Pubsub}: {Routes}; the first is used")]
    private static partial void SeveralDefaults(ILogger logger, string pubsub, string topic, string routes);

    private sealed record Part(RouteEndpoint Endpoint, ITopicMetadata Topic)
    {
        // Paths go out without a leading slash, and a sidecar cannot fill a route parameter in.
        public string Path { get; } = string.Join('/', Endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Literal))));

        private static string Literal(RoutePatternPart part) => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            _ => throw new InvalidOperationException("A subscribed route must not have parameters."),
        };
    }
}
