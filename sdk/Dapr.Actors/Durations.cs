using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Dapr.Actors;

/// <summary>Times as the runtime writes them: <c>1h30m0s0ms</c>, <c>R5/PT30S</c>, <c>@every 1m0s</c>.</summary>
internal static partial class Durations
{
    /// <summary>Always all four parts; empty for null and for less than zero, which is how "never" is said.</summary>
    public static string Write(TimeSpan? value) => value is { } time && time >= TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"{(time.Days * 24) + time.Hours}h{time.Minutes}m{time.Seconds}s{time.Milliseconds}ms")
        : "";

    /// <summary>A period that ends by itself is ISO 8601, which has whole seconds only.</summary>
    public static string WritePeriod(TimeSpan value, int? repetitions)
    {
        if (repetitions is null)
        {
            return Write(value);
        }

        if (value.Milliseconds > 0)
        {
            throw new ArgumentException("A period with repetitions has whole seconds.", nameof(value));
        }

        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"R{repetitions}/P"));
        Append(text, value.Days, 'D');
        text.Append('T');
        Append(text, value.Hours, 'H');
        Append(text, value.Minutes, 'M');
        Append(text, value.Seconds, 'S');
        return text.ToString();
    }

    /// <summary>Any of the forms, and what the scheduler makes of them; empty is never (-1 ms).</summary>
    /// <exception cref="FormatException">None of them.</exception>
    public static TimeSpan Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Timeout.InfiniteTimeSpan;
        }

        var named = text switch
        {
            "@yearly" or "@annually" => TimeSpan.FromDays(365),
            "@monthly" => TimeSpan.FromDays(30),
            "@weekly" => TimeSpan.FromDays(7),
            "@daily" or "@midnight" => TimeSpan.FromDays(1),
            "@hourly" => TimeSpan.FromHours(1),
            _ => (TimeSpan?)null,
        };
        if (named is { } period)
        {
            return period;
        }

        return Iso().Match(text) is { Success: true } iso
            ? new TimeSpan(
                (Number(iso, "y") * 365) + (Number(iso, "mo") * 30) + (Number(iso, "w") * 7) + Number(iso, "d"),
                Number(iso, "h"),
                Number(iso, "mi"),
                Number(iso, "s"))
            : ParseGo(text);
    }

    private static TimeSpan ParseGo(string text)
    {
        if (Go().Match(text) is not { Success: true } match)
        {
            throw new FormatException($"'{text}' is no duration.");
        }

        var parts = match.Groups["value"].Captures.Zip(match.Groups["unit"].Captures);
        return TimeSpan.FromMilliseconds(parts.Sum(part => double.Parse(part.First.ValueSpan, CultureInfo.InvariantCulture) * part.Second.Value switch
        {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            "ns" => 0.000_001,
            _ => 0.001,
        }));
    }

    private static int Number(Match match, string group) =>
        match.Groups[group] is { Success: true } part ? int.Parse(part.ValueSpan, CultureInfo.InvariantCulture) : 0;

    private static void Append(StringBuilder text, int amount, char unit)
    {
        if (amount > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{amount}{unit}");
        }
    }

    [GeneratedRegex(@"^(@every )?((?<value>\d+(\.\d+)?)(?<unit>ns|us|µs|ms|s|m|h))+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Go();

    [GeneratedRegex(
        @"^(R\d+/)?P((?<y>\d+)Y)?((?<mo>\d+)M)?((?<w>\d+)W)?((?<d>\d+)D)?(T((?<h>\d+)H)?((?<mi>\d+)M)?((?<s>\d+)S)?)?$",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Iso();
}
