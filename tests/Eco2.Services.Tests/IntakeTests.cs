using System.Net;
using Eco2.ServiceDefaults;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>How much an app works on at a time.</summary>
public sealed class IntakeTests
{
    [Fact]
    public async Task What_neither_runs_nor_may_wait_is_refused_at_once_and_streams_messages_and_probes_are_not_counted()
    {
        var (go, running) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        await using var host = await ServiceHost.StartAsync(
            (args, adjust) =>
            {
                var builder = WebApplication.CreateSlimBuilder(args);
                builder.AddEco2("small");
                adjust?.Invoke(builder);
                var app = builder.Build();
                app.UseEco2();
                app.MapGet("/work", async () =>
                {
                    Interlocked.Increment(ref running);
                    await go.Task;
                    return "done";
                });
                app.MapPost("/events/news", () => "heard");
                app.MapGet("/jobs/1/events", () => "stream");
                return app;
            },
            options: ["Eco2:MaxRequests=2", "Eco2:MaxWaiting=3"]);

        var calls = Enumerable.Range(0, 12).Select(_ => host.Client.GetAsync(new Uri("/work", UriKind.Relative))).ToList();
        await Eventually.TrueAsync(() => calls.Count(call => call.IsCompleted) == 7, "seven are refused while two run and three wait");
        foreach (var refused in calls.Where(call => call.IsCompleted))
        {
            await (await refused).IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "small");
            Assert.InRange((await refused).Headers.RetryAfter!.Delta!.Value.TotalSeconds, 2, 4);
        }

        Assert.Equal(2, running);
        using var message = await host.Client.PostAsync(new Uri("/events/news", UriKind.Relative), null);
        using var stream = await host.Client.GetAsync(new Uri("/jobs/1/events", UriKind.Relative));
        using var live = await host.Client.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.All((HttpResponseMessage[])[message, stream, live], answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));

        go.SetResult();
        var answers = await Task.WhenAll(calls);
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
    }
}
