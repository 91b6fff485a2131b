using System.Globalization;

namespace Dapr.Jobs;

/// <summary>Builds a cron expression of six fields, seconds first; a field that was not set is <c>*</c>. The last setting of a field wins.</summary>
public sealed class CronExpressionBuilder
{
    private readonly string[] _fields = ["*", "*", "*", "*", "*", "*"];

    private enum Field
    {
        Second,
        Minute,
        Hour,
        DayOfMonth,
        Month,
        DayOfWeek,
    }

    /// <summary>At these values of a field.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value that the field cannot have.</exception>
    public CronExpressionBuilder On(OnCronPeriod period, params int[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var most = period is OnCronPeriod.DayOfMonth ? 31 : 59;
        foreach (var value in values)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(values));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, nameof(values));
        }

        return Set((Field)(int)period, string.Join(',', values.Distinct().Order().Select(Text)));
    }

    /// <summary>In these months.</summary>
    public CronExpressionBuilder On(params MonthOfYear[] months) => Set(Field.Month, string.Join(',', months.Distinct().Order().Select(Text)));

    /// <summary>On these days.</summary>
    public CronExpressionBuilder On(params DayOfWeek[] days) => Set(Field.DayOfWeek, string.Join(',', days.Distinct().Order().Select(Text)));

    /// <summary>From one value of a field to another, both included.</summary>
    /// <exception cref="ArgumentException">They are equal or the wrong way round.</exception>
    public CronExpressionBuilder Through(ThroughCronPeriod period, int from, int to) => Set((Field)(int)period, Range(from, to, Text(from), Text(to)));

    /// <summary>From one day to another, both included.</summary>
    /// <exception cref="ArgumentException">They are equal or the wrong way round.</exception>
    public CronExpressionBuilder Through(DayOfWeek from, DayOfWeek to) => Set(Field.DayOfWeek, Range((int)from, (int)to, Text(from), Text(to)));

    /// <summary>From one month to another, both included.</summary>
    /// <exception cref="ArgumentException">They are equal or the wrong way round.</exception>
    public CronExpressionBuilder Through(MonthOfYear from, MonthOfYear to) => Set(Field.Month, Range((int)from, (int)to, Text(from), Text(to)));

    /// <summary>At each value of a field.</summary>
    public CronExpressionBuilder Each(CronPeriod period) => Set((Field)(int)period, "*");

    /// <summary>At every so many values of a field.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than zero.</exception>
    public CronExpressionBuilder Every(EveryCronPeriod period, int interval)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(interval);
        var field = period switch
        {
            EveryCronPeriod.Second => Field.Second,
            EveryCronPeriod.Minute => Field.Minute,
            EveryCronPeriod.Hour => Field.Hour,
            EveryCronPeriod.Month => Field.Month,
            EveryCronPeriod.DayInMonth => Field.DayOfMonth,
            _ => Field.DayOfWeek,
        };
        return Set(field, "*/" + Text(interval));
    }

    /// <summary>The expression.</summary>
    public override string ToString() => string.Join(' ', _fields);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    // SUN, JAN: the first three letters of the name.
    private static string Text<TName>(TName value)
        where TName : struct, Enum => value.ToString()[..3].ToUpperInvariant();

    private static string Range(int from, int to, string first, string last) =>
        from < to ? $"{first}-{last}" : throw new ArgumentException("The first value must come before the last.", nameof(from));

    private CronExpressionBuilder Set(Field field, string value)
    {
        _fields[(int)field] = value;
        return this;
    }
}
