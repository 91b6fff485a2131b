using System.Collections.Concurrent;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

public sealed class InputProbeTests
{
    [Fact]
    public async Task An_app_that_does_not_say_within_three_seconds_whether_it_wants_a_binding_does_not_want_it()
    {
        var (clock, posted) = (new HeldWaits(TimeSpan.FromSeconds(3)), new ConcurrentQueue<string>());
        await using var app = await TestApp.StartAsync(async http =>
        {
            if (HttpMethods.IsOptions(http.Request.Method))
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }

            if (HttpMethods.IsPost(http.Request.Method))
            {
                posted.Enqueue(http.Request.Path);
            }

            http.Response.StatusCode = HttpMethods.IsPost(http.Request.Method) ? 200 : 404;
        });
        var resources = SidecarFixture.Component("slow", "bindings.cron", "schedule: @every 10ms")
            + SidecarFixture.Component("sure", "bindings.cron", "schedule: @every 50ms", "direction: input");
        await using var sidecar = await SidecarFixture.StartAsync(clock, resources, new AppSettings { AppId = "app", AppPort = app.Port });

        await Eventually.TrueAsync(() => clock.Begun == 1, "it is asked");
        clock.Pass();
        await Eventually.TrueAsync(() => posted.Count >= 3, "the other one comes");

        Assert.Equal(["/sure"], posted.Distinct());
    }
}
