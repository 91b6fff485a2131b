using EmbeddedSidecar.Api;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub.Routing;

/// <summary>The rules of a subscription in their order, ready to be asked.</summary>
internal sealed class TopicRoutes
{
    private readonly (RuleNode? Match, string Path)[] _rules;
    private readonly bool _needsEvent;

    /// <exception cref="RuleException">An expression uses something that is not supported; the message says what and where.</exception>
    public TopicRoutes(IReadOnlyList<RouteRule> rules, string? defaultPath)
    {
        _rules = [.. rules.Select(rule => (Parse(rule.Match), rule.Path))];
        if (!string.IsNullOrEmpty(defaultPath))
        {
            _rules = [.. _rules, (null, defaultPath)];
        }

        _needsEvent = _rules.Length > 0 && _rules[0].Match is not null;
    }

    /// <summary>The path of the first rule that matches, or null when none does.</summary>
    /// <param name="cloudEvent">The event as JSON.</param>
    /// <exception cref="RuleException">A rule could not be computed for this event, for example because a member is missing.</exception>
    public string? Find(ReadOnlyMemory<byte> cloudEvent)
    {
        if (!_needsEvent)
        {
            return _rules.Length > 0 ? _rules[0].Path : null;
        }

        using var document = GoJson.Parse(cloudEvent);
        return First(RuleValue.Of(document.RootElement));
    }

    /// <summary>As <see cref="Find"/>, for a batch of raw messages: rules see the message's text, as they do in Dapr.</summary>
    public string? FindRaw(string text) => _needsEvent ? First(RuleValue.Of(text)) : _rules.Length > 0 ? _rules[0].Path : null;

    private static RuleNode? Parse(string match)
    {
        try
        {
            return string.IsNullOrWhiteSpace(match) ? null : RuleParser.Parse(match.Trim());
        }
        catch (RuleException refused)
        {
            throw new RuleException($"The rule \"{match}\": {refused.Message}.");
        }
    }

    private string? First(RuleValue message)
    {
        foreach (var (match, path) in _rules)
        {
            if (match is null)
            {
                return path;
            }

            var value = match.Of(message);
            if (!value.IsBoolean)
            {
                throw new RuleException(value.Failure ?? "the result of a rule was neither true nor false");
            }

            if (value.IsTrue)
            {
                return path;
            }
        }

        return null;
    }
}
