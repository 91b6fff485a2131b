using System.Globalization;

namespace EmbeddedSidecar.Scheduling;

/// <summary>One field of a cron schedule: the numbers it matches, from 0 to 63.</summary>
internal readonly struct CronField
{
    private readonly ulong _set;

    private CronField(ulong set, bool isAny) => (_set, IsAny) = (set, isAny);

    /// <summary>It was left open. A star that is divided (*/2) names numbers like any other list.</summary>
    public bool IsAny { get; }

    public bool Has(int value) => (_set >> value & 1) == 1;

    /// <param name="names">What the numbers from <paramref name="min"/> on may be called instead.</param>
    /// <exception cref="FormatException">Not a field of these numbers.</exception>
    public static CronField Parse(string field, int min, int max, params string[] names)
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

        return new CronField(set, field.Split(',').Any(part => part.Split('/') is ["*" or "?"] or ["*" or "?", "1"]));
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
