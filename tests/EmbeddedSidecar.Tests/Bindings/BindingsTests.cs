using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.Tests.Resiliency;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>Input bindings: which apps are called, when, and again; and what metadata tells of all.</summary>
public sealed class BindingsTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task A_cron_binding_calls_an_app_that_wants_it_and_no_other()
    {
        var ticks = new TaskCompletionSource<string>();
        await using var wants = await TestApp.StartAsync(http =>
        {
            if (HttpMethods.IsPost(http.Request.Method))
            {
                ticks.TrySetResult($"{http.Request.Path} {http.Request.Headers["timeZone"]} {http.Request.ContentLength} {http.Request.Headers["readTimeUTC"]}");
            }

            // Such an app wants it, too.
            http.Response.StatusCode = HttpMethods.IsOptions(http.Request.Method) ? 405 : 200;
            return Task.CompletedTask;
        });
        var refusedTicks = 0;
        await using var refuses = await TestApp.StartAsync(http =>
        {
            refusedTicks += HttpMethods.IsPost(http.Request.Method) ? 1 : 0;
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("tick", "bindings.cron", "schedule: @every 1s", "route: /cron/tick"),
            new AppSettings { AppId = "refuses", AppPort = refuses.Port },
            new AppSettings { AppId = "wants", AppPort = wants.Port });

        var tick = await ticks.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Matches(@"^/cron/tick (Local|UTC|\w+/\w+) 0 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d*[1-9])? \+0000 UTC$", tick);
        Assert.Equal(0, refusedTicks);
    }

    [Fact]
    public async Task Metadata_tells_which_way_a_binding_goes()
    {
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("site", "bindings.http", "url: http://127.0.0.1") + SidecarFixture.Component("tick", "bindings.cron", "schedule: @daily"), new AppSettings { AppId = "app" });

        var metadata = await Http.GetFromJsonAsync<JsonElement>(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/metadata"));

        Assert.Equal(
            ["site: OUTPUT_BINDING", "tick: INPUT_BINDING"],
            metadata.GetProperty("components").EnumerateArray().Select(one => $"{one.GetProperty("name")}: {one.GetProperty("capabilities")[0]}").Order());
    }

    // As daprd has it: to its policy 200 alone is success.
    [Fact]
    public async Task A_policy_brings_an_event_again_when_the_answer_is_204()
    {
        var times = new ConcurrentQueue<string>();
        await using var app = await TestApp.StartAsync(http =>
        {
            times.Enqueue(http.Request.Headers["readTimeUTC"].ToString());
            http.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("tick", "bindings.cron", "schedule: @every 1s", "direction: input") + RetryPolicy.Of("tick", "inbound", 2), new AppSettings { AppId = "app", AppPort = app.Port });

        await Eventually.TrueAsync(() => times.GroupBy(time => time).Any(tick => tick.Count() == 3), "one tick came three times");
    }

    [Theory]
    [InlineData("*/5 * * * *", "2026-01-01T00:03:10Z", "2026-01-01T00:05:00Z")]
    [InlineData("30 10 * * * *", "2026-01-01T00:10:30Z", "2026-01-01T01:10:30Z")]
    [InlineData("0 9 * * mon-fri", "2026-01-02T09:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("CRON_TZ=Asia/Seoul 0 9 * * *", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("TZ=UTC @every 500ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z")]
    // A star that is divided is no star: either field may match then.
    [InlineData("0 0 */10 * mon", "2026-01-06T00:00:00Z", "2026-01-11T00:00:00Z")]
    [InlineData("0/90 0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@every 1m30s", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z")]
    public void A_schedule_names_the_next_time(string schedule, string after, string next)
    {
        var found = CronSchedule.Parse(schedule).After(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture));

        Assert.Equal(DateTimeOffset.Parse(next, CultureInfo.InvariantCulture), found);
    }

    [Theory]
    [InlineData("0 0 * * 7")]
    [InlineData("@every 5")]
    [InlineData("* * * *")]
    [InlineData("TZ=UTC")]
    public void What_is_no_schedule_is_refused(string schedule) => Assert.Throws<FormatException>(() => CronSchedule.Parse(schedule));
}
