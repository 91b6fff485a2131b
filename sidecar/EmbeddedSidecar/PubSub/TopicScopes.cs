using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>Which topics of a component one app may use: allowedTopics, protectedTopics, publishingScopes and subscriptionScopes.</summary>
internal sealed class TopicScopes
{
    private readonly string[] _allowed;
    private readonly string[] _protected;
    private readonly string[] _publishing;
    private readonly string[] _subscribing;

    public TopicScopes(ComponentMetadata metadata, string appId)
    {
        _allowed = Topics(metadata.Optional("allowedTopics"));
        _protected = Topics(metadata.Optional("protectedTopics"));
        _publishing = Scope(metadata.Optional("publishingScopes"), appId);
        _subscribing = Scope(metadata.Optional("subscriptionScopes"), appId);
    }

    public bool MayPublish(string topic) => May(topic, _publishing);

    public bool MaySubscribe(string topic) => May(topic, _subscribing);

    private bool May(string topic, string[] scope) =>
        (_allowed.Length == 0 || _allowed.Contains(topic))
        && ((scope.Length == 0 && !_protected.Contains(topic)) || scope.Contains(topic));

    private static string[] Topics(string? list) => list?.Replace(" ", "", StringComparison.Ordinal).Split(',') ?? [];

    // "app1=a,b;app2=": an app with an entry has only what the entry names, which may be nothing (one empty name).
    private static string[] Scope(string? entries, string appId) =>
    [
        .. (entries ?? "").Replace(" ", "", StringComparison.Ordinal).Split(';')
            .Select(entry => entry.Split('='))
            .Where(parts => parts.Length >= 2 && parts[0] == appId)
            .SelectMany(parts => parts[1].Split(',')),
    ];
}
