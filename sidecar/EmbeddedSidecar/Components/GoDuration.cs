using System.Buffers;
using System.Globalization;
using System.Text;

namespace EmbeddedSidecar.Components;

/// <summary>Durations as Go writes them: 1h15m30.5s, 250ms, -1s. A bare number is milliseconds.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        if (text.IsEmpty)
        {
            return false;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds))
        {
            duration = TimeSpan.FromMilliseconds(milliseconds);
            return true;
        }

        var negative = text[0] == '-';
        if (text[0] is '-' or '+')
        {
            text = text[1..];
        }

        double ticks = 0;
        if (text.IsEmpty)
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            text = text[digits..];
            var letters = text.IndexOfAny(Digits);
            var unit = letters < 0 ? text : text[..letters];
            var size = unit switch
            {
                "h" => TimeSpan.TicksPerHour,
                "m" => TimeSpan.TicksPerMinute,
                "s" => TimeSpan.TicksPerSecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
                "ns" => 0.01,
                _ => 0,
            };
            if (size == 0)
            {
                return false;
            }

            ticks += number * size;
            text = text[unit.Length..];
        }

        if (ticks > long.MaxValue / 2d)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)(negative ? -ticks : ticks));
        return true;
    }

    /// <summary>The same without bare numbers, which Go itself does not take for durations (but 0).</summary>
    public static bool TryParseStrict(ReadOnlySpan<char> text, out TimeSpan duration) =>
        TryParse(text, out duration) && (duration == TimeSpan.Zero || !char.IsAsciiDigit(text[^1]));

    /// <summary>The shortest Go spelling in hours, minutes and seconds: 5s, 1m30s, 500ms.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1) && duration > TimeSpan.Zero)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.######}ms");
        }

        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        duration = duration.Duration();
        if (duration.TotalHours >= 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(long)duration.TotalHours}h");
        }

        if (duration.TotalMinutes >= 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"{duration.Minutes}m");
        }

        var seconds = duration.TotalSeconds - (Math.Floor(duration.TotalMinutes) * 60);
        return text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#########}s").ToString();
    }
}
