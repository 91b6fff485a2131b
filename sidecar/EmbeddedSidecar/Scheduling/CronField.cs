using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Scheduling;

/// <summary>One field of a cron schedule: a list of values, ranges and stars, each with a step, as Dapr's parser takes them and refuses them.</summary>
/// <remarks>
/// Lists may have gaps, numbers a plus sign, and behind the hyphen of a star is not looked. What other crons know (2#2, L, 15W) is no number.
/// </remarks>
internal readonly record struct CronField(ulong Set, bool IsAny)
{
    /// <summary>Which values a field may have, and what they are called beside their numbers, from the lowest on.</summary>
    public sealed record Bounds(int Min, int Max, params string[] Names);

    public bool Has(int value) => (Set >> value & 1) == 1;

    /// <exception cref="FormatException">In the words of the parser of Dapr.</exception>
    public static CronField Parse(string field, Bounds bounds)
    {
        var (set, any) = (0UL, false);
        foreach (var part in field.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var one = Part(part, bounds);
            (set, any) = (set | one.Set, any || one.IsAny);
        }

        return new CronField(set, any);
    }

    private static CronField Part(string part, Bounds bounds)
    {
        var rangeAndStep = part.Split('/');
        var ends = rangeAndStep[0].Split('-');
        var isStar = ends[0] is "*" or "?";
        long from = bounds.Min, to = bounds.Max;
        if (!isStar)
        {
            from = NumberOrName(ends[0], bounds);
            to = ends.Length switch
            {
                1 => from,
                2 => NumberOrName(ends[1], bounds),
                _ => throw new FormatException($"too many hyphens: {part}"),
            };
        }

        long step = 1;
        if (rangeAndStep.Length > 1)
        {
            step = rangeAndStep.Length == 2 ? Number(rangeAndStep[1]) : throw new FormatException($"too many slashes: {part}");
            to = ends.Length == 1 ? bounds.Max : to;
        }

        Check(part, from, to, step, bounds);
        return new CronField(Bits(from, to, step), isStar && step == 1);
    }

    private static void Check(string part, long from, long to, long step, Bounds bounds)
    {
        var wrong = from < bounds.Min ? $"beginning of range ({from}) below minimum ({bounds.Min})"
            : to > bounds.Max ? $"end of range ({to}) above maximum ({bounds.Max})"
            : from > to ? $"beginning of range ({from}) beyond end of range ({to})"
            : step == 0 ? "step of range should be a positive number"
            : null;
        if (wrong is not null)
        {
            throw new FormatException($"{wrong}: {part}");
        }
    }

    private static ulong Bits(long from, long to, long step)
    {
        var set = 0UL;
        for (var value = from; value <= to; value += Math.Min(step, to - from + 1))
        {
            set |= 1UL << (int)value;
        }

        return set;
    }

    private static long NumberOrName(string text, Bounds bounds) =>
        Array.FindIndex(bounds.Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is >= 0 and var named ? named + bounds.Min : Number(text);

    private static long Number(string text)
    {
        long number;
        try
        {
            number = GoInteger.Parse(text, "Atoi");
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"failed to parse int from {text}: {wrong.Message}", wrong);
        }

        return number >= 0 ? number : throw new FormatException($"negative number ({number}) not allowed: {text}");
    }
}
