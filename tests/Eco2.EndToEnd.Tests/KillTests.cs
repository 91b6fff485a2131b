using System.Net;
using Eco2.Contracts.Jobs;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
[Trait("on", "each-target")]
public sealed class KillTests(EcoSystem system)
{
    [Theory]
    [InlineData(ModelServer.Vision, "vision")]
    [InlineData(ModelServer.Answer, "answer")]
    public async Task A_worker_killed_while_a_model_thinks_loses_nothing(string held, string stage)
    {
        using var user = await User.SignUpAsync(system);
        List<JobEvent> before;
        Contracts.Scan.ScanAccepted job;
        using (system.Models.Hold(held))
        {
            job = await user.SubmitAsync(model: null);
            before = await user.EventsAsync(job.StreamUrl, enough: e => e.Stage == stage && e.Status == "started");
            await system.KillAsync("worker");
        }

        var rest = await user.EventsAsync(job.StreamUrl, $"{before[^1].Seq}");

        AssertWhole([.. before, .. rest]);
        Assert.Equal("completed", (await user.ResultAsync(job)).Status);
    }

    [Theory]
    [InlineData("rule")]
    [InlineData("reward")]
    public async Task A_worker_killed_in_a_quick_stage_loses_nothing(string stage)
    {
        using var user = await User.SignUpAsync(system);
        var job = await user.SubmitAsync("캔");
        var before = await user.EventsAsync(job.StreamUrl, enough: e => e.Stage == stage);
        await system.KillAsync("worker");

        var rest = before[^1].IsTerminal() ? [] : await user.EventsAsync(job.StreamUrl, $"{before[^1].Seq}");

        AssertWhole([.. before, .. rest]);
    }

    [Theory]
    [InlineData("sidecar")]
    [InlineData("event-router")]
    [InlineData("sse-gateway")]
    public async Task Another_process_killed_in_the_middle_loses_nothing(string app)
    {
        using var user = await User.SignUpAsync(system);
        var jobs = new List<Contracts.Scan.ScanAccepted>();
        using (system.Models.Hold(ModelServer.Answer))
        {
            foreach (var _ in Enumerable.Range(0, 5))
            {
                jobs.Add(await user.SubmitAsync(model: null));
            }

            await system.KillAsync(app);
        }

        foreach (var job in jobs)
        {
            await Eventually.TrueAsync(() => OpensAsync(user, job.StreamUrl), "streams open again", TimeSpan.FromSeconds(30));
            AssertWhole(await user.EventsAsync(job.StreamUrl));
        }
    }

    [Fact]
    public async Task A_cancelled_job_ends_with_cancelled_and_nothing_follows()
    {
        using var user = await User.SignUpAsync(system);
        using var hold = system.Models.Hold(ModelServer.Vision);
        var job = await user.SubmitAsync(model: null);
        await user.EventsAsync(job.StreamUrl, enough: e => e.Stage == "vision");

        using var answer = await user.Http.DeleteAsync($"/api/v1/jobs/{job.JobId}");
        var events = await user.EventsAsync(job.StreamUrl);
        hold.Dispose();
        await Eventually.TrueAsync(async () => (await user.ResultAsync(job)).Status == "cancelled", "the history says so too");
        var again = await user.EventsAsync(job.StreamUrl);

        Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.NoContent);
        Assert.Equal(("cancelled", "failed", "CANCELLED"), (events[^1].Stage, events[^1].Status, events[^1].Error?.Code));
        Assert.Equal(events.Select(e => e.EventId), again.Select(e => e.EventId));
    }

    private static async Task<bool> OpensAsync(User user, string path)
    {
        try
        {
            using var response = await user.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static void AssertWhole(List<JobEvent> events)
    {
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => e.Seq));
        Assert.Equal(events.Count, events.Select(e => e.EventId).Distinct().Count());
        Assert.Equal("done", events[^1].Stage);
        Assert.Equal(10, events.Count);
    }
}
