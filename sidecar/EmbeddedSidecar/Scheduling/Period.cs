using System.Globalization;
using System.Text.RegularExpressions;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Scheduling;

/// <summary>A span of time as reminders, timers and jobs write it: a Go duration, or an ISO 8601 one such as R5/PT30S.</summary>
/// <param name="Repetitions">Null = no limit was given.</param>
internal readonly partial record struct Period(int Years, int Months, int Days, TimeSpan Time, int? Repetitions)
{
    /// <summary>True when its length depends on where in the calendar it begins, or is told in days.</summary>
    public bool IsCalendar => Years != 0 || Months != 0 || Days != 0;

    public bool IsZero => !IsCalendar && Time == TimeSpan.Zero;

    public static bool TryParse(string text, out Period period)
    {
        if (TryParseIso(text, out period))
        {
            return true;
        }

        period = default;
        if (!GoDuration.TryParseStrict(text, out var time))
        {
            return false;
        }

        period = new Period(0, 0, 0, time, null);
        return true;
    }

    /// <summary>The time one period later.</summary>
    public DateTimeOffset After(DateTimeOffset at) => at.AddYears(Years).AddMonths(Months).AddDays(Days) + Time;

    // Whole numbers only; weeks and days may stand together; "PT" is zero. All as Dapr reads it.
    private static bool TryParseIso(string text, out Period period)
    {
        period = default;
        if (Iso().Match(text) is not { Success: true } match || text.Length < 2)
        {
            return false;
        }

        int? repetitions = match.Groups["r"] is { Success: true } group
            ? int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : -1
            : null;
        if (repetitions < 0)
        {
            return false;
        }

        try
        {
            period = new Period(
                Number(match, "y"), Number(match, "mo"), checked((Number(match, "w") * 7) + Number(match, "d")),
                TimeSpan.FromHours(Number(match, "h")) + TimeSpan.FromMinutes(Number(match, "m")) + TimeSpan.FromSeconds(Number(match, "s")),
                repetitions);
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    private static int Number(Match match, string name) =>
        match.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^(R(?<r>\d+)(/|$))?(P((?<y>\d+)Y)?((?<mo>\d+)M)?((?<w>\d+)W)?((?<d>\d+)D)?(T((?<h>\d+)H)?((?<m>\d+)M)?((?<s>\d+)S)?)?)?$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Iso();
}
