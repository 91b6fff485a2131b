using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.Resources;

/// <summary>Reads one entry of what an app answers to GET /dapr/subscribe.</summary>
internal static class SubscriptionJson
{
    /// <summary>Null when it names no pub/sub, topic or route: Dapr drops such entries.</summary>
    public static SubscriptionSpec? Read(JsonElement entry, int index)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var pubsub = Text(entry, "pubsubname");
        var topic = Text(entry, "topic");
        var path = Text(entry, "route");
        List<RouteRule> rules = [];
        if (entry.TryGetMember("routes", out var routes) && routes.ValueKind == JsonValueKind.Object)
        {
            path = Text(routes, "default") ?? path;
            if (routes.TryGetMember("rules", out var list) && list.ValueKind == JsonValueKind.Array)
            {
                foreach (var rule in list.EnumerateArray())
                {
                    if (Text(rule, "path") is { } to)
                    {
                        rules.Add(new RouteRule(Text(rule, "match") ?? "", to));
                    }
                }
            }
        }

        if (pubsub is null || topic is null || (path is null && rules.Count == 0))
        {
            return null;
        }

        return new SubscriptionSpec(
            $"programmatic-{index}", pubsub, topic, rules, path, Text(entry, "deadLetterTopic") is { Length: > 0 } dead ? dead : null, Metadata(entry), Bulk(entry),
            SubscriptionSource.Programmatic, "/dapr/subscribe");
    }

    private static Dictionary<string, string> Metadata(JsonElement entry)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (entry.TryGetMember("metadata", out var pairs) && pairs.ValueKind == JsonValueKind.Object)
        {
            foreach (var pair in pairs.EnumerateObject())
            {
                metadata[pair.Name] = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : pair.Value.GetRawText();
            }
        }

        return metadata;
    }

    private static BulkSpec? Bulk(JsonElement entry)
    {
        if (!entry.TryGetMember("bulkSubscribe", out var bulk) || bulk.ValueKind != JsonValueKind.Object
            || !bulk.TryGetMember("enabled", out var enabled) || enabled.ValueKind != JsonValueKind.True)
        {
            return null;
        }

        var standard = new BulkSpec();
        return new BulkSpec(
            Positive(bulk, "maxMessagesCount") ?? standard.MaxMessages, Positive(bulk, "maxAwaitDurationMs") ?? standard.MaxAwaitMilliseconds);
    }

    private static int? Positive(JsonElement bulk, string name) =>
        bulk.TryGetMember(name, out var number) && number.TryGetInt32(out var value) && value > 0 ? value : null;

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetMember(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : null;
}
