namespace EmbeddedSidecar.Scheduling;

/// <summary>When an entry triggers, and what a delivery does to it. No clock, no store.</summary>
internal static class ScheduleRules
{
    /// <summary>Checks a new entry and works out its first and last moments.</summary>
    /// <exception cref="FormatException">It cannot be honoured; the message says why.</exception>
    public static ScheduleEntry Begin(ScheduleEntry entry, DateTimeOffset now)
    {
        if (entry.DueTime is null && entry.Schedule is null)
        {
            throw new FormatException("job must have either a due time or a schedule");
        }

        if (entry.Schedule is null && entry.Repeats > 1)
        {
            throw new FormatException("job must have a schedule to repeat");
        }

        if (entry.Repeats < 1)
        {
            throw new FormatException("defined repeats must be greater than 0");
        }

        if (entry.Schedule is null && entry.Ttl is not null)
        {
            throw new FormatException("job must have a schedule to have a ttl");
        }

        if (entry.Schedule is not null)
        {
            CronSchedule.ParseJob(entry.Schedule);
        }

        DateTimeOffset? due = entry.DueTime is null ? null
            : PointInTime.TryParse(entry.DueTime, now, out var first) ? first
            : throw new FormatException("due time format not recognized");
        DateTimeOffset? expires = entry.Ttl is null ? null
            : PointInTime.TryParse(entry.Ttl, due ?? now, out var last) ? last
            : throw new FormatException("ttl format not recognized");
        return due > expires
            ? throw new FormatException("ttl must be greater than due time")
            : entry with { Start = now, Due = due, Expires = expires };
    }

    /// <summary>The next trigger, or null when there is none left. Missed ones come one after the other, as in Dapr.</summary>
    public static DateTimeOffset? Next(ScheduleEntry entry)
    {
        var next = Planned(entry);
        return next > entry.Expires ? null : next;
    }

    /// <summary>After a delivery that succeeded; null when that was the last trigger.</summary>
    public static (ScheduleEntry Entry, DateTimeOffset At)? Succeeded(ScheduleEntry entry) =>
        Forward(entry with { Last = Planned(entry) ?? entry.Last });

    /// <summary>After a delivery that failed: the same trigger again, or the next one; null when there is none left.</summary>
    /// <param name="at">When the failed attempt was due; retries count from there.</param>
    public static (ScheduleEntry Entry, DateTimeOffset At)? Failed(ScheduleEntry entry, DateTimeOffset at)
    {
        var policy = entry.FailurePolicy;
        var attempts = entry.Attempts + 1;
        return !policy.Drop && (policy.MaxRetries is not { } most || attempts <= most)
            ? (entry with { Attempts = attempts }, at + policy.Interval)
            : Succeeded(entry);
    }

    private static (ScheduleEntry Entry, DateTimeOffset At)? Forward(ScheduleEntry entry)
    {
        var forward = entry with { Count = entry.Count + 1, Attempts = 0 };
        return Next(forward) is { } next ? (forward, next) : null;
    }

    private static DateTimeOffset? Planned(ScheduleEntry entry)
    {
        if (entry.Count >= entry.Repeats)
        {
            return null;
        }

        if (entry.Schedule is null)
        {
            return entry.Count > 0 ? null : entry.Due;
        }

        return entry.Last is null && entry.Due is { } due ? due : CronSchedule.ParseJob(entry.Schedule).After(entry.Last ?? entry.Start);
    }
}
