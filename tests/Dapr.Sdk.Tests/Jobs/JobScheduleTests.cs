using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapr.Jobs;
using Dapr.Jobs.Extensions;
using Dapr.Jobs.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;
using DayOfWeek = Dapr.Jobs.DayOfWeek;

namespace Dapr.Sdk.Tests;

public sealed class JobScheduleTests
{
    [Theory]
    [InlineData("@daily", true, false, false, false)]
    [InlineData("@every 1h30m", true, true, false, false)]
    [InlineData("10s", false, true, false, false)]
    [InlineData("0 30 9 * * MON-FRI", false, false, true, false)]
    [InlineData("*/5 0 0 1,15 */2 *", false, false, true, false)]
    [InlineData("30 9 * * *", false, false, false, false)]
    [InlineData("2027-03-01T12:00:00+09:00", false, false, false, true)]
    public void An_expression_knows_what_it_is(string expression, bool period, bool duration, bool cron, bool time)
    {
        var schedule = DaprJobSchedule.FromExpression(expression);

        Assert.Equal(
            (period, duration, cron, time),
            (schedule.IsPrefixedPeriodExpression, schedule.IsDurationExpression, schedule.IsCronExpression, schedule.IsPointInTimeExpression));
    }

    [Fact]
    public void A_cron_expression_has_six_fields_with_seconds_first()
    {
        Assert.Equal("* * * * * *", new CronExpressionBuilder().ToString());
        var built = new CronExpressionBuilder()
            .On(OnCronPeriod.Second, 30, 0, 30)
            .Every(EveryCronPeriod.Minute, 5)
            .Through(ThroughCronPeriod.Hour, 9, 17)
            .On(OnCronPeriod.DayOfMonth, 1)
            .On(MonthOfYear.March, MonthOfYear.January)
            .Through(DayOfWeek.Monday, DayOfWeek.Friday);

        Assert.Equal("0,30 */5 9-17 1 JAN,MAR MON-FRI", built.ToString());
        Assert.Equal("0,30 */5 9-17 * JAN,MAR MON-FRI", DaprJobSchedule.FromCronExpression(built.Each(CronPeriod.DayOfMonth)).ExpressionValue);
        Assert.Equal("* * * */3 */2 */1", new CronExpressionBuilder().Every(EveryCronPeriod.DayInMonth, 3).Every(EveryCronPeriod.Month, 2).Every(EveryCronPeriod.DayInWeek, 1).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => built.On(OnCronPeriod.Second, 60));
        Assert.Throws<ArgumentException>(() => built.Through(MonthOfYear.May, MonthOfYear.May));
    }

    [Fact]
    public void A_schedule_is_text_in_json()
    {
        var json = JsonSerializer.Serialize(new[] { DaprJobSchedule.Weekly });

        Assert.Equal("""["@weekly"]""", json);
        Assert.Equal("@weekly", JsonSerializer.Deserialize<DaprJobSchedule[]>(json)![0].ExpressionValue);
    }

    [Fact]
    public async Task A_job_calls_the_handler_with_name_payload_services_and_a_token()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new Seen());
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var same = app.MapDaprScheduledJobHandler(
            async (string name, ReadOnlyMemory<byte> payload, Seen seen, Uri? unknown, CancellationToken ct) =>
            {
                await Task.Yield();
                seen.Lines.Add($"{name} {Encoding.UTF8.GetString(payload.Span)} {unknown} {ct.CanBeCanceled}");
                Assert.NotEqual("broken", name);
            },
            TimeSpan.FromMinutes(1));
        Assert.Same(app, same);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        using var good = await http.PostAsJsonAsync("/job/nightly", new { n = 1 });
        using var bad = await http.PostAsync("/job/broken", null);

        Assert.Equal((200, 500), ((int)good.StatusCode, (int)bad.StatusCode));
        Assert.Equal(["nightly {\"n\":1}  True", "broken   True"], app.Services.GetRequiredService<Seen>().Lines);
    }

    private sealed class Seen
    {
        public List<string> Lines { get; } = [];
    }
}
