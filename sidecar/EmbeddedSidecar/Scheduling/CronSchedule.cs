using System.Buffers;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Scheduling;

/// <summary>When something comes again: cron fields, @every and the named ones.</summary>
internal sealed class CronSchedule
{
    private const string EveryPrefix = "@every ";

    private static readonly CronField.Bounds[] _bounds =
    [
        new(0, 59), new(0, 59), new(0, 23), new(1, 31),
        new(1, 12, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        new(0, 6, "sun", "mon", "tue", "wed", "thu", "fri", "sat"),
    ];

    private static readonly SearchValues<char> _whitespace = SearchValues.Create(" \t\n\v\f\r");

    private readonly TimeSpan? _every;
    private readonly TimeZoneInfo _zone = TimeZoneInfo.Utc;
    private readonly CronField _seconds;
    private readonly CronField _minutes;
    private readonly CronField _hours;
    private readonly CronField _daysOfMonth;
    private readonly CronField _months;
    private readonly CronField _daysOfWeek;

    private CronSchedule(TimeSpan every) => _every = every;

    private CronSchedule(string[] fields, TimeZoneInfo zone)
    {
        _zone = zone;
        CronField[] each = [.. fields.Select((field, at) => CronField.Parse(field, _bounds[at]))];
        (_seconds, _minutes, _hours, _daysOfMonth, _months, _daysOfWeek) = (each[0], each[1], each[2], each[3], each[4], each[5]);
    }

    /// <summary>
    /// A schedule of the cron binding: five fields, or six with leading seconds, in the zone that CRON_TZ= or TZ= names, else in that of
    /// this machine; or @every.
    /// </summary>
    /// <exception cref="FormatException">Not a schedule.</exception>
    public static CronSchedule Parse(string text)
    {
        var zone = Zone(ref text);
        if (text.StartsWith(EveryPrefix, StringComparison.Ordinal))
        {
            return Every(text);
        }

        var fields = Fields(text);
        return fields.Length switch
        {
            5 => new CronSchedule(["0", .. fields], zone ?? TimeZoneInfo.Local),
            6 => new CronSchedule(fields, zone ?? TimeZoneInfo.Local),
            _ => throw new FormatException($"expected 5 to 6 fields, found {fields.Length}: [{string.Join(' ', fields)}]"),
        };
    }

    /// <summary>A schedule of a job or reminder: six fields with leading seconds, in the zone as above; or @every without a zone.</summary>
    /// <exception cref="FormatException">Not a schedule.</exception>
    public static CronSchedule ParseJob(string text)
    {
        if (text.Length == 0)
        {
            throw new FormatException("empty spec string");
        }

        var zone = Zone(ref text);
        if (text.StartsWith(EveryPrefix, StringComparison.Ordinal))
        {
            return zone is not null ? throw new FormatException("@every does not take a time zone") : Every(text);
        }

        var fields = Fields(text);
        return fields.Length == 6
            ? new CronSchedule(fields, zone ?? TimeZoneInfo.Local)
            : throw new FormatException($"expected exactly 6 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
    }

    /// <summary>The next time after this one, in UTC, or null if there is none within five years.</summary>
    /// <remarks>A time of day that a change of the clocks skips is left out; one that it repeats comes twice.</remarks>
    public DateTimeOffset? After(DateTimeOffset now)
    {
        if (_every is { } every)
        {
            return now + every;
        }

        var from = now;
        var offset = _zone.GetUtcOffset(now);
        while (NextOnTheClock(from.ToOffset(offset).DateTime) is { } found)
        {
            var at = new DateTimeOffset(found, offset);
            if (_zone.GetUtcOffset(at) == offset)
            {
                return at.ToUniversalTime();
            }

            // The clocks change before that: look again from there on, by the new time.
            var change = FirstOtherOffset(from, at, offset);
            (from, offset) = (change.AddTicks(-1), _zone.GetUtcOffset(change));
        }

        return null;
    }

    private static TimeZoneInfo? Zone(ref string text)
    {
        if (!text.StartsWith("CRON_TZ=", StringComparison.Ordinal) && !text.StartsWith("TZ=", StringComparison.Ordinal))
        {
            return null;
        }

        var space = text.AsSpan().IndexOfAny(_whitespace);
        var name = text[(text.IndexOf('=') + 1)..(space < 0 ? text.Length : space)];
        if (name.Length == 0 || space < 0 || !TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone))
        {
            throw new FormatException($"provided bad location {name}: unknown time zone {name}");
        }

        text = text[space..].Trim();
        return zone;
    }

    private static CronSchedule Every(string text) =>
        GoDuration.TryParseStrict(text.AsSpan(EveryPrefix.Length), out var period) && period > TimeSpan.Zero
            ? new CronSchedule(period)
            : throw new FormatException($"failed to parse duration {text}: time: invalid duration \"{text[EveryPrefix.Length..]}\"");

    private static string[] Fields(string text) =>
        (text switch
        {
            "@yearly" or "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" or "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            ['@', ..] => throw new FormatException($"unrecognized descriptor: {text}"),
            _ => text,
        }).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    // Offsets change on whole seconds.
    private DateTimeOffset FirstOtherOffset(DateTimeOffset same, DateTimeOffset other, TimeSpan offset)
    {
        var (low, high) = (same.ToUnixTimeSeconds(), other.ToUnixTimeSeconds());
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (_zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(middle)) == offset)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return DateTimeOffset.FromUnixTimeSeconds(high);
    }

    private DateTime? NextOnTheClock(DateTime after)
    {
        var at = new DateTime(after.Ticks - (after.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(1);
        var limit = at.AddYears(5);
        while (at < limit)
        {
            if (!_months.Has(at.Month))
            {
                at = new DateTime(at.Year, at.Month, 1).AddMonths(1);
            }
            else if (!IsDay(at))
            {
                at = at.Date.AddDays(1);
            }
            else if (!_hours.Has(at.Hour))
            {
                at = at.Date.AddHours(at.Hour + 1);
            }
            else if (!_minutes.Has(at.Minute))
            {
                at = at.Date.AddHours(at.Hour).AddMinutes(at.Minute + 1);
            }
            else if (!_seconds.Has(at.Second))
            {
                at = at.AddSeconds(1);
            }
            else
            {
                return at;
            }
        }

        return null;
    }

    // Both fields restricted (a star that is divided, */2, restricts too): either may match. That is how cron has always read it.
    private bool IsDay(DateTime at)
    {
        var month = _daysOfMonth.Has(at.Day);
        var week = _daysOfWeek.Has((int)at.DayOfWeek);
        return _daysOfMonth.IsAny || _daysOfWeek.IsAny ? month && week : month || week;
    }
}
