using System.Globalization;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>How long a published message may live: <c>ttlInSeconds</c> of its metadata.</summary>
internal static class MessageTtl
{
    /// <summary>What a broker says of itself that lets messages expire; the others leave it to the envelope.</summary>
    public const string Capability = "MESSAGE_TTL";

    // Seconds; some 285 years, so that now plus a life is still a date.
    private const long Longest = 9_000_000_000;

    /// <summary>Null = for ever.</summary>
    public static TimeSpan? Of(IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            if (name.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase) || name.Equals("ttl", StringComparison.OrdinalIgnoreCase))
            {
                return long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
                    ? seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, Longest)) : (TimeSpan?)null
                    : GoDuration.TryParse(value, out var life) ? life : null;
            }
        }

        return null;
    }
}
