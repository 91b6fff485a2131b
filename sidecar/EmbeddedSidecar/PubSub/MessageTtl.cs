using System.Globalization;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>How long a published message may live: <c>ttl</c> or <c>ttlInSeconds</c>, a duration or a number of seconds.</summary>
internal static class MessageTtl
{
    /// <summary>What a broker says of itself that lets messages expire; the others leave it to the envelope.</summary>
    public const string Capability = "MESSAGE_TTL";

    // Seconds; some 285 years, so that now plus a life is still a date.
    private const long Longest = 9_000_000_000;

    /// <summary>Of one message; null = for ever.</summary>
    public static TimeSpan? Of(IReadOnlyDictionary<string, string>? metadata)
    {
        string? ttl = null, inSeconds = null;
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            if (name.Equals("ttl", StringComparison.OrdinalIgnoreCase))
            {
                ttl = value;
            }
            else if (name.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase))
            {
                inSeconds = value;
            }
        }

        return (ttl ?? inSeconds) is { Length: > 0 } text ? Parse(text) : null;
    }

    /// <summary>Of every message of a component that does not say its own; null = for ever.</summary>
    /// <exception cref="SidecarConfigurationException">It is no time, or lies in the past.</exception>
    public static TimeSpan? Of(ComponentMetadata metadata)
    {
        var (ttl, inSeconds) = (metadata.Optional("ttl"), metadata.Optional("ttlInSeconds"));
        return (ttl ?? inSeconds) is { } text
            ? Parse(text) ?? throw metadata.Refuse(ttl is null ? "ttlInSeconds" : "ttl", $"must be a duration or a number of seconds, not \"{text}\"")
            : null;
    }

    // 0 is a duration and means at once; a number below it is a mistake, a duration below it is 0.
    private static TimeSpan? Parse(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds < 0 ? null : TimeSpan.FromSeconds(Math.Min(seconds, Longest));
        }

        return !GoDuration.TryParse(text, out var life) || life.TotalSeconds > Longest ? null
            : life < TimeSpan.Zero ? TimeSpan.Zero
            : life;
    }
}
