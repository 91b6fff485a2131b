using System.Globalization;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Scheduling;

/// <summary>When something comes again: cron fields, @every and the named ones.</summary>
internal sealed class CronSchedule
{
    private const string EveryPrefix = "@every ";
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private readonly TimeSpan? _every;
    private readonly TimeZoneInfo _zone = TimeZoneInfo.Utc;
    private readonly ulong _seconds;
    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _daysOfMonth;
    private readonly ulong _months;
    private readonly ulong _daysOfWeek;
    private readonly bool _anyDayOfMonth;
    private readonly bool _anyDayOfWeek;

    private CronSchedule(TimeSpan every) => _every = every;

    private CronSchedule(string[] fields, TimeZoneInfo zone)
    {
        _zone = zone;
        _seconds = Field(fields[0], 0, 59, []);
        _minutes = Field(fields[1], 0, 59, []);
        _hours = Field(fields[2], 0, 23, []);
        _daysOfMonth = Field(fields[3], 1, 31, []);
        _months = Field(fields[4], 1, 12, Months);
        _daysOfWeek = Field(fields[5], 0, 6, Days);
        _anyDayOfMonth = IsAny(fields[3]);
        _anyDayOfWeek = IsAny(fields[5]);
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
            _ => throw new FormatException($"expected 5 to 6 fields, found {fields.Length}: {text}"),
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
            : throw new FormatException($"expected exactly 6 fields, found {fields.Length}: {text}");
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

        var space = text.IndexOf(' ');
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
            : throw new FormatException($"failed to parse duration {text}");

    // A star that is divided (*/2) names days like any other list.
    private static bool IsAny(string field) => field.Split(',').Any(part => part.Split('/') is ["*" or "?"] or ["*" or "?", "1"]);

    private static string[] Fields(string text) =>
        (text switch
        {
            "@yearly" or "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" or "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
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
            if (!Has(_months, at.Month))
            {
                at = new DateTime(at.Year, at.Month, 1).AddMonths(1);
            }
            else if (!IsDay(at))
            {
                at = at.Date.AddDays(1);
            }
            else if (!Has(_hours, at.Hour))
            {
                at = at.Date.AddHours(at.Hour + 1);
            }
            else if (!Has(_minutes, at.Minute))
            {
                at = at.Date.AddHours(at.Hour).AddMinutes(at.Minute + 1);
            }
            else if (!Has(_seconds, at.Second))
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

    // Both fields restricted: either may match. That is how cron has always read it.
    private bool IsDay(DateTime at)
    {
        var month = Has(_daysOfMonth, at.Day);
        var week = Has(_daysOfWeek, (int)at.DayOfWeek);
        return _anyDayOfMonth || _anyDayOfWeek ? month && week : month || week;
    }

    private static bool Has(ulong set, int value) => (set >> value & 1) == 1;

    private static ulong Field(string field, int min, int max, string[] names)
    {
        ulong set = 0;
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') is [var left, var right] ? (left, Number(right, 1, int.MaxValue, [])) : (part, 0);
            int from, to;
            if (range is "*" or "?")
            {
                (from, to) = (min, max);
            }
            else if (range.Split('-') is [var first, var last])
            {
                (from, to) = (Number(first, min, max, names), Number(last, min, max, names));
            }
            else
            {
                from = Number(range, min, max, names);
                to = step > 0 ? max : from;
            }

            if (from > to)
            {
                throw new FormatException($"\"{field}\" runs backwards");
            }

            for (long value = from; value <= to; value += Math.Max(1, step))
            {
                set |= 1UL << (int)value;
            }
        }

        return set;
    }

    private static int Number(string text, int min, int max, string[] names)
    {
        var named = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (named >= 0)
        {
            return named + min;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"\"{text}\" is not between {min} and {max}");
    }
}
