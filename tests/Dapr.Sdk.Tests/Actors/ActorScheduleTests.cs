using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Reminders and timers, from the actor to the sidecar and back.</summary>
public sealed class ActorScheduleTests
{
    [Fact]
    public async Task Reminders_and_timers_go_out_as_the_official_package_writes_them()
    {
        await using var app = await CounterApp.StartAsync(json: true);

        using var answer = await app.Http.PutAsync("/actors/Counter/a1/method/ResetAsync", null);

        Assert.Equal((200, 0L), ((int)answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal(
            [
                "GET //v1.0/actors/Counter/a1/state/%ED%95%9C%20%EC%9D%B4%EB%A6%84+",
                "GET //v1.0/actors/Counter/a1/state/count",
                """PUT //v1.0/actors/Counter/a1/reminders/r {"dueTime":"0h0m5s0ms","period":"R3/PT1H30M","data":"+//+","ttl":"48h0m0s0ms"}""",
                """PUT //v1.0/actors/Counter/a1/reminders/r2 {"dueTime":"0h0m5s0ms","period":"","data":""}""",
                """PUT //v1.0/actors/Counter/a1/timers/t {"dueTime":"0h0m1s500ms","data":"\u002B//\u002B","callback":"OnTimerAsync"}""",
                """PUT //v1.0/actors/Counter/a1/timers/t2 {"dueTime":"0h0m0s0ms","period":"24h0m0s0ms","callback":"OnTimerAsync","ttl":"72h0m0s0ms"}""",
                "DELETE //v1.0/actors/Counter/a1/reminders/r",
                "DELETE //v1.0/actors/Counter/a1/timers/t",
                """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"\uD55C \uC774\uB984\u002B","value":"\uAC12\u002B\u003C","metadata":{"ttlInSeconds":"60"}}}]""",
            ],
            app.Sidecar.Requests.Select(request => request.Line));
        Assert.All(
            app.Sidecar.Requests.Where(request => request.Target.Contains("/reminders/", StringComparison.Ordinal) && request.Method == "PUT"),
            request => Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]));
    }

    [Fact]
    public async Task Reminders_and_timers_reach_the_actor()
    {
        await using var app = await CounterApp.StartAsync(json: true);

        using var reminded = await app.Http.PutAsync(
            "/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID","dueTime":"","period":""}"""));
        using var timed = await app.Http.PutAsync(
            "/actors/Counter/a1/method/timer/t", new StringContent("""{"callback":"OnTimerAsync","data":"AQID","dueTime":"0h0m1s0ms","period":"R5/PT30S"}"""));

        Assert.Equal((200, 200, "false"), ((int)reminded.StatusCode, (int)timed.StatusCode, await timed.Content.ReadAsStringAsync()));
        Assert.Equal(
            ["activated", "before ReminderMethod ReceiveReminderAsync", "reminder r 010203 -1 -1", "before TimerMethod FireTimerAsync", "timer 010203"],
            app.Lines);
        Assert.Equal(
            """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"ticks","value":3}}]""", app.Sidecar.Requests.Last().Line);
    }

    [Fact]
    public async Task Times_that_are_not_there_are_zero_and_times_that_are_empty_never_come()
    {
        await using var app = await CounterApp.StartAsync(json: true);

        using var absent = await app.Http.PutAsync("/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID"}"""));
        using var empty = await app.Http.PutAsync("/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID","period":""}"""));

        Assert.Equal(["reminder r 010203 0 0", "reminder r 010203 0 -1"], app.Lines.Where(line => line.StartsWith("reminder", StringComparison.Ordinal)));
    }
}
