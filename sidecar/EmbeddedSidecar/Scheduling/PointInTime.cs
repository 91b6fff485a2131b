using System.Globalization;
using System.Text.RegularExpressions;

namespace EmbeddedSidecar.Scheduling;

/// <summary>Due times and times to live: an RFC 3339 time, or a duration from some moment on.</summary>
internal static partial class PointInTime
{
    /// <param name="from">Where a duration begins.</param>
    public static bool TryParse(string text, DateTimeOffset from, out DateTimeOffset at)
    {
        if (TryParseTime(text, out at))
        {
            return true;
        }

        if (!Period.TryParse(text, out var period) || period.Repetitions is not null)
        {
            return false;
        }

        try
        {
            at = period.After(from);
            return true;
        }
        catch (ArgumentOutOfRangeException)
        {
            // Beyond the year 9999.
            return false;
        }
    }

    /// <summary>An RFC 3339 time with any number of decimals; those below 100 ns are cut off.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset at)
    {
        at = default;
        if (Rfc3339().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var fraction = match.Groups["f"].Value;
        var short7 = fraction.Length > 8 ? fraction[..8] : fraction;
        return DateTimeOffset.TryParse(
            match.Groups["t"].Value + short7 + match.Groups["z"].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
    }

    public static string Format(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)
        + (at.Offset == TimeSpan.Zero ? "Z" : at.ToString("zzz", CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^(?<t>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?<f>\.\d+)?(?<z>Z|[+-]\d{2}:\d{2})$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rfc3339();
}
