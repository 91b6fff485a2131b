namespace Dapr.Jobs;

/// <summary>A field that takes values.</summary>
public enum OnCronPeriod
{
    /// <summary>The second, 0 to 59.</summary>
    Second = 0,

    /// <summary>The minute, 0 to 59.</summary>
    Minute = 1,

    /// <summary>The hour, 0 to 23.</summary>
    Hour = 2,

    /// <summary>The day of the month, 1 to 31.</summary>
    DayOfMonth = 3,
}

/// <summary>A field that takes a step.</summary>
public enum EveryCronPeriod
{
    /// <summary>The second, 0 to 59.</summary>
    Second = 0,

    /// <summary>The minute, 0 to 59.</summary>
    Minute = 1,

    /// <summary>The hour, 0 to 23.</summary>
    Hour = 2,

    /// <summary>The month, 1 to 12.</summary>
    Month = 3,

    /// <summary>The day of the month.</summary>
    DayInMonth = 4,

    /// <summary>The day of the week.</summary>
    DayInWeek = 5,
}

/// <summary>A field that takes a range.</summary>
public enum ThroughCronPeriod
{
    /// <summary>The second, 0 to 59.</summary>
    Second = 0,

    /// <summary>The minute, 0 to 59.</summary>
    Minute = 1,

    /// <summary>The hour, 0 to 23.</summary>
    Hour = 2,

    /// <summary>The day of the month, 1 to 31.</summary>
    DayOfMonth = 3,

    /// <summary>The month, 1 to 12.</summary>
    Month = 4,
}

/// <summary>A field.</summary>
public enum CronPeriod
{
    /// <summary>The second, 0 to 59.</summary>
    Second = 0,

    /// <summary>The minute, 0 to 59.</summary>
    Minute = 1,

    /// <summary>The hour, 0 to 23.</summary>
    Hour = 2,

    /// <summary>The day of the month, 1 to 31.</summary>
    DayOfMonth = 3,

    /// <summary>The month, 1 to 12.</summary>
    Month = 4,

    /// <summary>The day of the week.</summary>
    DayOfWeek = 5,
}

/// <summary>A day of the week.</summary>
public enum DayOfWeek
{
    /// <summary>Sunday.</summary>
    Sunday = 0,

    /// <summary>Monday.</summary>
    Monday = 1,

    /// <summary>Tuesday.</summary>
    Tuesday = 2,

    /// <summary>Wednesday.</summary>
    Wednesday = 3,

    /// <summary>Thursday.</summary>
    Thursday = 4,

    /// <summary>Friday.</summary>
    Friday = 5,

    /// <summary>Saturday.</summary>
    Saturday = 6,
}

/// <summary>A month.</summary>
public enum MonthOfYear
{
    /// <summary>January.</summary>
    January = 1,

    /// <summary>February.</summary>
    February = 2,

    /// <summary>March.</summary>
    March = 3,

    /// <summary>April.</summary>
    April = 4,

    /// <summary>May.</summary>
    May = 5,

    /// <summary>June.</summary>
    June = 6,

    /// <summary>July.</summary>
    July = 7,

    /// <summary>August.</summary>
    August = 8,

    /// <summary>September.</summary>
    September = 9,

    /// <summary>October.</summary>
    October = 10,

    /// <summary>November.</summary>
    November = 11,

    /// <summary>December.</summary>
    December = 12,
}
