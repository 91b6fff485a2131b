using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Dapr.Jobs.Models;

/// <summary>When a job is due: a point in time, a cron expression of six fields, a period such as <c>@daily</c>, or <c>@every 10s</c>.</summary>
[JsonConverter(typeof(AsText))]
public sealed partial class DaprJobSchedule
{
    private DaprJobSchedule(string expressionValue) => ExpressionValue = expressionValue;

    /// <summary>As the runtime reads it.</summary>
    public string ExpressionValue { get; }

    /// <summary>At the start of each year.</summary>
    public static DaprJobSchedule Yearly { get; } = new("@yearly");

    /// <summary>At the start of each month.</summary>
    public static DaprJobSchedule Monthly { get; } = new("@monthly");

    /// <summary>At the start of each Sunday.</summary>
    public static DaprJobSchedule Weekly { get; } = new("@weekly");

    /// <summary>At the start of each day.</summary>
    public static DaprJobSchedule Daily { get; } = new("@daily");

    /// <summary>The same as <see cref="Daily"/>.</summary>
    public static DaprJobSchedule Midnight { get; } = new("@midnight");

    /// <summary>At the start of each hour.</summary>
    public static DaprJobSchedule Hourly { get; } = new("@hourly");

    /// <summary>Whether it is a period: <c>@daily</c> and the like, or <c>@every</c> and a duration.</summary>
    public bool IsPrefixedPeriodExpression => PeriodForm().IsMatch(ExpressionValue);

    /// <summary>Whether it is a point in time.</summary>
    public bool IsPointInTimeExpression => DateTimeOffset.TryParse(ExpressionValue, CultureInfo.InvariantCulture, out _);

    /// <summary>Whether it holds a duration such as <c>1h30m</c>.</summary>
    public bool IsDurationExpression => DurationForm().IsMatch(ExpressionValue);

    /// <summary>Whether it is a cron expression of six fields, seconds first.</summary>
    public bool IsCronExpression => CronForm().IsMatch(ExpressionValue);

    /// <summary>By a cron expression.</summary>
    public static DaprJobSchedule FromCronExpression(CronExpressionBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return new DaprJobSchedule(builder.ToString());
    }

    /// <summary>Once, at a time.</summary>
    public static DaprJobSchedule FromDateTime(DateTimeOffset scheduledTime) => new(scheduledTime.ToString("O", CultureInfo.InvariantCulture));

    /// <summary>Whatever the runtime understands.</summary>
    public static DaprJobSchedule FromExpression(string expression) => new(expression);

    /// <summary>Again and again.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Less than a millisecond, or a day and more: the official package drops whole days, so this one refuses them. Say <c>@every 36h</c>.
    /// </exception>
    public static DaprJobSchedule FromDuration(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(duration, TimeSpan.FromDays(1));
        var text = new StringBuilder("@every ");
        foreach (var (amount, unit) in ((int, string)[])[(duration.Hours, "h"), (duration.Minutes, "m"), (duration.Seconds, "s"), (duration.Milliseconds, "ms")])
        {
            if (amount > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{amount}{unit}");
            }
        }

        return new DaprJobSchedule(text.ToString());
    }

    [GeneratedRegex(@"^@(every (\d+(m?s|m|h))+|.*(yearly|monthly|weekly|daily|midnight|hourly))$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PeriodForm();

    [GeneratedRegex(@"\d+(ms|h|m|s)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DurationForm();

    [GeneratedRegex(@"^[0-9A-Za-z*/,?-]+( [0-9A-Za-z*/,?-]+){5}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CronForm();

    internal sealed class AsText : JsonConverter<DaprJobSchedule>
    {
        public override DaprJobSchedule? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString() is { } text ? FromExpression(text) : null;

        public override void Write(Utf8JsonWriter writer, DaprJobSchedule value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ExpressionValue);
    }
}
