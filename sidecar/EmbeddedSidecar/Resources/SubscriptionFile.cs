namespace EmbeddedSidecar.Resources;

/// <summary>Reads a Subscription, v2alpha1 (routes) or v1alpha1 (route).</summary>
internal static class SubscriptionFile
{
    public static SubscriptionSpec Read(YamlMap document, string name, string version)
    {
        document.RefuseOthers("a Subscription", "apiVersion", "kind", "metadata", "spec", "scopes");
        var spec = document.Map("spec") ?? throw document.Refuse("spec", "is missing");
        var isFirst = version == "dapr.io/v1alpha1";
        if (!isFirst && version != "dapr.io/v2alpha1")
        {
            throw document.Refuse("apiVersion", $"{version} of a Subscription is not supported by the embedded sidecar");
        }

        spec.RefuseOthers("a Subscription's spec", "pubsubname", "topic", isFirst ? "route" : "routes", "deadLetterTopic", "metadata", "bulkSubscribe");
        var routes = spec.Map("routes");
        routes?.RefuseOthers("routes", "rules", "default");
        IReadOnlyList<RouteRule> rules =
            [.. routes?.Maps("rules").Select(rule => new RouteRule(rule.Text("match") ?? "", rule.Required("path"))) ?? []];
        var path = isFirst ? spec.Required("route") : routes?.Text("default");
        if (path is null && rules.Count == 0)
        {
            throw spec.Refuse("routes", "has neither a rule nor a default");
        }

        return new SubscriptionSpec(
            name,
            spec.Required("pubsubname"),
            spec.Required("topic"),
            rules,
            string.IsNullOrEmpty(path) ? null : path,
            spec.Text("deadLetterTopic") is { Length: > 0 } dead ? dead : null,
            spec.Pairs("metadata"),
            Bulk(spec.Map("bulkSubscribe")),
            SubscriptionSource.Declarative,
            document.File);
    }

    private static BulkSpec? Bulk(YamlMap? bulk)
    {
        if (bulk is null || !bulk.Flag("enabled"))
        {
            return null;
        }

        bulk.RefuseOthers("bulkSubscribe", "enabled", "maxMessagesCount", "maxAwaitDurationMs");
        var standard = new BulkSpec();
        return new BulkSpec(
            bulk.Integer("maxMessagesCount") is > 0 and var count ? count : standard.MaxMessages,
            bulk.Integer("maxAwaitDurationMs") is > 0 and var wait ? wait : standard.MaxAwaitMilliseconds);
    }
}
