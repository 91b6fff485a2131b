using System.Globalization;
using EmbeddedSidecar.Scheduling;
using Xunit;

namespace EmbeddedSidecar.Tests.Scheduling;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Noon = At("2026-01-01T12:00:00Z");

    [Theory]
    [InlineData("CRON_TZ=Asia/Seoul 0 0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("TZ=Asia/Seoul 0 30 8 * * *", "2026-01-01T00:00:00Z", "2026-01-01T23:30:00Z")]
    [InlineData("CRON_TZ=UTC @daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    // In Berlin the clocks go forward at 01:00Z on March 29, and back at 01:00Z on October 25.
    [InlineData("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("CRON_TZ=Europe/Berlin 0 0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("CRON_TZ=Europe/Berlin 0 * * * * *", "2026-10-25T00:59:00Z", "2026-10-25T01:00:00Z")]
    [InlineData("@every 1m30s", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z")]
    [InlineData("@every 1ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z")]
    [InlineData("TZ=UTC\t0 0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T09:00:00Z")]
    // Lists may have gaps, numbers a sign, and of what follows a star only the step counts.
    [InlineData("TZ=UTC ,5,,+7, 0 0 * * *", "2026-01-01T00:00:05Z", "2026-01-01T00:00:07Z")]
    [InlineData("TZ=UTC 0 0 0 *-9-x * *", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("TZ=UTC 0 ?-5/+20 * * * *", "2026-01-01T00:01:00Z", "2026-01-01T00:20:00Z")]
    [InlineData("TZ=UTC 0 50/1 0 * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:50:00Z")]
    [InlineData("TZ=UTC 0 0 0 * JAN-Feb Tue-SAT", "2026-01-04T00:00:00Z", "2026-01-06T00:00:00Z")]
    public void A_schedule_names_the_next_time_by_the_clock_of_its_zone(string schedule, string after, string next) =>
        Assert.Equal(At(next), CronSchedule.ParseJob(schedule).After(At(after)));

    [Theory]
    [InlineData("")]
    [InlineData("* * * * *")]
    [InlineData("0 61 * * * *")]
    [InlineData("@every 10")]
    [InlineData("@every 0s")]
    [InlineData("CRON_TZ=UTC @every 1s")]
    [InlineData("CRON_TZ=Nowhere/Land 0 0 9 * * *")]
    [InlineData("CRON_TZ=UTC")]
    public void What_is_no_schedule_is_refused(string schedule) =>
        Assert.Throws<FormatException>(() => CronSchedule.ParseJob(schedule));

    // What other crons know: the nth weekday, the last one, the nearest workday.
    [Theory]
    [InlineData("0 0 7 ? * 2#2", "failed to parse int from 2#2: strconv.Atoi: parsing \"2#2\": invalid syntax")]
    [InlineData("0 0 7 ? * TUE#2", "failed to parse int from TUE#2: strconv.Atoi: parsing \"TUE#2\": invalid syntax")]
    [InlineData("0 0 7 L * *", "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax")]
    [InlineData("0 0 7 15W * *", "failed to parse int from 15W: strconv.Atoi: parsing \"15W\": invalid syntax")]
    [InlineData("0 5- * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax")]
    [InlineData("0 0 24 * * *", "end of range (24) above maximum (23): 24")]
    [InlineData("0 0 0 0 * *", "beginning of range (0) below minimum (1): 0")]
    [InlineData("0 9-5 * * * *", "beginning of range (9) beyond end of range (5): 9-5")]
    [InlineData("0 1-2-3 * * * *", "too many hyphens: 1-2-3")]
    [InlineData("0 */2/3 * * * *", "too many slashes: */2/3")]
    [InlineData("0 */0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("0 */-2 * * * *", "negative number (-2) not allowed: -2")]
    [InlineData("* * * * *", "expected exactly 6 fields, found 5: [* * * * *]")]
    [InlineData("@often", "unrecognized descriptor: @often")]
    [InlineData("@every soon", "failed to parse duration @every soon: time: invalid duration \"soon\"")]
    public void A_refused_schedule_is_told_of_in_the_words_of_the_scheduler(string schedule, string because) =>
        Assert.Equal(because, Assert.Throws<FormatException>(() => CronSchedule.ParseJob(schedule)).Message);

    [Theory]
    [InlineData("10s", "2026-01-01T12:00:10Z")]
    [InlineData("0", "2026-01-01T12:00:00Z")]
    [InlineData("PT1H1M1S", "2026-01-01T13:01:01Z")]
    [InlineData("P1Y2M1W3D", "2027-03-11T12:00:00Z")]
    [InlineData("PT", "2026-01-01T12:00:00Z")]
    [InlineData("2030-05-06T07:08:09.123456789+09:00", "2030-05-05T22:08:09.1234567Z")]
    public void A_point_in_time_is_a_time_or_a_duration(string text, string at)
    {
        Assert.True(PointInTime.TryParse(text, Noon, out var found));
        Assert.Equal(At(at), found);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("tomorrow")]
    [InlineData("PT1.5S")]
    [InlineData("P1H")]
    [InlineData("R3/PT1S")]
    [InlineData("2030-05-06 07:08:09")]
    [InlineData("2030-05-06T07:08:09")]
    [InlineData("P9999Y")]
    public void What_is_no_point_in_time_is_refused(string text) => Assert.False(PointInTime.TryParse(text, Noon, out _));

    [Fact]
    public void A_due_time_comes_first_and_the_schedule_goes_on_from_there()
    {
        var entry = ScheduleRules.Begin(Job() with { Schedule = "@every 1m", DueTime = "10s", Repeats = 3 }, Noon);

        Assert.Equal(["12:00:10", "12:01:10", "12:02:10"], Times(entry));
    }

    [Fact]
    public void Without_a_due_time_the_first_trigger_is_one_period_away_and_a_ttl_ends_it()
    {
        var entry = ScheduleRules.Begin(Job() with { Schedule = "@every 1m", Ttl = "150s" }, Noon);

        Assert.Equal(["12:01:00", "12:02:00"], Times(entry));
    }

    [Fact]
    public void A_failed_trigger_is_tried_three_times_more_and_then_given_up()
    {
        var entry = ScheduleRules.Begin(Job() with { Schedule = "@every 1m" }, Noon);
        var due = ScheduleRules.Next(entry)!.Value;
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            (entry, due) = ScheduleRules.Failed(entry, due)!.Value;
            Assert.Equal(Noon.AddMinutes(1).AddSeconds(attempt), due);
        }

        (entry, due) = ScheduleRules.Failed(entry, due)!.Value;

        Assert.Equal((Noon.AddMinutes(2), 1u, 0u), (due, entry.Count, entry.Attempts));
    }

    [Fact]
    public void A_constant_policy_without_a_limit_never_gives_up_and_drop_does_at_once()
    {
        var forever = ScheduleRules.Begin(Job() with { DueTime = "0", FailurePolicy = new FailurePolicy(false, TimeSpan.FromSeconds(2), null) }, Noon);
        var due = Noon;
        for (var i = 0; i < 100; i++)
        {
            (forever, due) = ScheduleRules.Failed(forever, due)!.Value;
        }

        var dropped = ScheduleRules.Failed(ScheduleRules.Begin(Job() with { DueTime = "0", FailurePolicy = new FailurePolicy(true, default, null) }, Noon), Noon);

        Assert.Equal(Noon.AddSeconds(200), due);
        Assert.Null(dropped);
    }

    [Theory]
    [InlineData(null, null, null, null, "job must have either a due time or a schedule")]
    [InlineData(null, "1s", 2u, null, "job must have a schedule to repeat")]
    [InlineData("@every 1s", null, 0u, null, "defined repeats must be greater than 0")]
    [InlineData(null, "1s", null, "10s", "job must have a schedule to have a ttl")]
    [InlineData("@every 1s", "soon", null, null, "due time format not recognized")]
    [InlineData("@every 1s", "2030-01-01T00:00:00Z", null, "2029-01-01T00:00:00Z", "ttl must be greater than due time")]
    public void What_does_not_fit_together_is_refused(string? schedule, string? due, uint? repeats, string? ttl, string why)
    {
        var refused = Assert.Throws<FormatException>(
            () => ScheduleRules.Begin(Job() with { Schedule = schedule, DueTime = due, Repeats = repeats, Ttl = ttl }, Noon));

        Assert.Equal(why, refused.Message);
    }

    private static List<string> Times(ScheduleEntry entry)
    {
        var times = new List<string>();
        DateTimeOffset? next = ScheduleRules.Next(entry);
        while (next is { } at)
        {
            times.Add(at.ToString("HH:mm:ss", CultureInfo.InvariantCulture));
            var forward = ScheduleRules.Succeeded(entry);
            (entry, next) = (forward?.Entry ?? entry, forward?.At);
        }

        return times;
    }

    private static ScheduleEntry Job() => new() { Kind = ScheduleKind.Job, Name = "j" };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
