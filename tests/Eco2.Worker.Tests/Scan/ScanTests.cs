using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using Xunit;

namespace Eco2.Worker.Tests.Scan;

[Trait("on", "each-target")]
public sealed class ScanTests(WorkerFixture worker) : IClassFixture<WorkerFixture>
{
    [Fact]
    public async Task A_requested_scan_runs_once_and_tells_each_stage_in_its_turn()
    {
        var scan = await worker.RequestAsync("생수병", times: 3);

        var events = await worker.EventsAsync(scan);

        string[] expected =
        [
            "vision/started", "vision/completed", "rule/started", "rule/completed", "answer/started", "answer/completed", "reward/started",
            "reward/completed", "done/completed",
        ];
        var told = events.DistinctBy(e => e.EventId).ToDictionary(e => e.EventId);
        Assert.Equal(expected.Select(name => $"{scan.JobId}/{name}").Order(), told.Keys.Order());
        // Each batch names the one it follows, whatever order they are heard in.
        var batches = worker.Told.Where(b => b.JobId == scan.JobId).ToList();
        Assert.Equal(
            [null, "vision/started", "answer/started"],
            expected.Select(name => batches.FirstOrDefault(b => b.Events[0].EventId == $"{scan.JobId}/{name}")).Where(b => b is not null).Select(b => b!.After == JobEvent.IdOf(scan.JobId, "queued", "started") ? null : b.After![(b.After!.IndexOf('/', StringComparison.Ordinal) + 1)..]));
        var result = told[$"{scan.JobId}/done/completed"].Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!;
        Assert.Equal(("completed", "clear_pet.water", "clear_pet", "granted"), (result.Status, result.Vision!.Primary.ItemCode, result.Answer!.FinalPlace!.Code, result.Reward!.Status));
        Assert.NotEmpty(result.Answer.Steps);
        Assert.Equal(["queue", "vision", "rule", "answer", "reward", "total"], result.TimingsMs!.Keys);
        Assert.Equal("무색페트병", result.PipelineResult!["disposal_rules"]!["key"]!.GetValue<string>());
    }

    [Fact]
    public async Task Words_are_read_by_the_steps_and_told_to_nobody()
    {
        var scan = await worker.RequestAsync("생수병, 0198c0de@eco2.example");

        var events = await worker.EventsAsync(scan);

        var result = events.First(e => e.Stage == "done").Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!;
        Assert.Equal("clear_pet.water", result.Vision!.Primary.ItemCode);
        Assert.True(ScanWords.AreMissingIn(events.First(e => e.Stage == "done").Result!.Value));
        Assert.DoesNotContain("0198c0de@eco2", string.Concat(events.Select(e => JsonSerializer.Serialize(e, ContractsJson.Default.JobEvent))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_that_are_gone_are_missed_and_the_picture_alone_is_answered()
    {
        var scan = await worker.RequestAsync("생수병", times: 0);
        await worker.Scan.DeleteStateAsync(JobDocument.Store, ScanWords.KeyOf(scan.JobId));
        await worker.Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan);

        var result = (await worker.EventsAsync(scan)).First(e => e.Stage == "done").Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!;

        Assert.Equal(["WORDS_GONE"], result.Warnings);
        Assert.Equal("plastics", result.Vision!.Primary.MiddleCode);
    }

    [Fact]
    public async Task A_message_of_the_release_before_has_its_words_taken_out()
    {
        var scan = await worker.RequestAsync(null, times: 0);
        await worker.Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan with { UserInput = "생수병, 0198c0de@eco2.example" });

        var events = await worker.EventsAsync(scan);

        Assert.Equal("clear_pet.water", events.First(e => e.Stage == "done").Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!.Vision!.Primary.ItemCode);
        Assert.Equal("생수병, 0198c0de@eco2.example", (await worker.Scan.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(scan.JobId)))!.Text);
        Assert.True(ScanWords.AreMissingIn(events.First(e => e.Stage == "done").Result!.Value));
    }

    [Theory]
    [InlineData(404, "IMAGE_FETCH_FAILED")]
    [InlineData(422, "IMAGE_UNREADABLE")]
    public async Task A_picture_that_cannot_be_read_fails_the_job_with_its_reason(int status, string code)
    {
        var scan = await worker.RequestAsync(null, media: status);

        var events = await worker.EventsAsync(scan);

        var ids = events.Select(e => e.EventId).Distinct().ToList();
        Assert.Equal([$"{scan.JobId}/vision/started", $"{scan.JobId}/vision/failed", $"{scan.JobId}/failed/failed"], ids);
        Assert.All(events.Where(e => e.Status == "failed"), e => Assert.Equal(code, e.Error!.Code));
    }

    [Fact]
    public async Task A_job_that_has_ended_is_not_started_again()
    {
        var scan = await worker.RequestAsync("캔", times: 0);
        var job = (await worker.Scan.GetStateAsync<JobDocument>(JobDocument.Store, JobDocument.KeyOf(scan.JobId)))!;
        await worker.Scan.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(scan.JobId), job with { Status = "cancelled" });

        await worker.Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan);
        // A later scan is the fence: when it has ended, the one before would have begun.
        await worker.EventsAsync(await worker.RequestAsync("캔"));

        Assert.DoesNotContain(worker.Told, b => b.JobId == scan.JobId);
    }

    [Fact]
    public async Task A_cancelled_job_ends_as_cancelled_whether_it_runs_or_not()
    {
        var scan = await worker.RequestAsync("캔", times: 0);

        await worker.Scan.PublishEventAsync(Messaging.PubSub, JobCancelRequested.Topic, new JobCancelRequested(scan.JobId, scan.UserId, "scan", scan.AcceptedAt));

        await Eventually.TrueAsync(() => worker.Told.Any(b => b.JobId == scan.JobId && b.Events[0].Stage == "cancelled"), "the end is told");
        Assert.Equal("CANCELLED", worker.Told.First(b => b.JobId == scan.JobId).Events[0].Error!.Code);
    }

    [Fact]
    public async Task A_reward_that_is_late_is_pending_in_the_result_and_reaches_the_history_afterwards()
    {
        var scan = await worker.RequestAsync("생수병", undecided: true);

        var events = await worker.EventsAsync(scan);

        var result = events.First(e => e.Stage == "done").Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!;
        Assert.Equal("pending", result.Reward!.Status);
        await Eventually.TrueAsync(() => worker.Settled.Any(s => s.JobId == scan.JobId), "the reward is settled");
        Assert.Equal(("granted", "char-petty"), worker.Settled.Where(s => s.JobId == scan.JobId).Select(s => (s.Reward.Status, s.Reward.Character!.Code)).First());
    }

    [Fact]
    public async Task A_scan_that_could_not_be_started_ends_as_failed_and_may_be_tried_again()
    {
        var (lost, running) = (await worker.RequestAsync("캔", times: 0), await worker.RequestAsync("캔", times: 0));
        var job = (await worker.Scan.GetStateAsync<JobDocument>(JobDocument.Store, JobDocument.KeyOf(running.JobId)))!;
        await worker.Scan.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(running.JobId), job with { Status = "running" });

        await worker.Scan.PublishEventAsync(Messaging.PubSub, UndeliveredScan.Topic, running);
        await worker.Scan.PublishEventAsync(Messaging.PubSub, UndeliveredScan.Topic, lost);

        var end = Assert.Single(await worker.EventsAsync(lost));
        Assert.Equal((JobEvent.IdOf(lost.JobId, "failed", "failed"), "failed", "failed"), (end.EventId, end.Stage, end.Status));
        Assert.Equal(("INTERNAL", true), (end.Error!.Code, end.Error.Retryable));
        Assert.Contains("다시 시도", end.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(worker.Told, b => b.JobId == running.JobId);
    }

    [Fact]
    public async Task Other_apps_are_given_the_whole_tree_of_categories()
    {
        using var apps = worker.Scan.CreateInvokableHttpClient("worker");
        using var answer = await apps.GetAsync(new Uri("/internal/taxonomy", UriKind.Relative));

        var tree = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ContractsJson.Default.TaxonomyDocument)!;
        var items = tree.Majors.SelectMany(m => m.Middles).SelectMany(m => m.Items).ToList();
        Assert.Equal((8, 180, 79), (tree.Majors.Count, items.Count, tree.Tags.Count));
        Assert.Equal(12, tree.Majors.Single(m => m.Code == "recyclable").Middles.Count);
        Assert.Equal(180, items.Select(i => i.Code).Distinct().Count());
        Assert.Equal($"\"{tree.Version}\"", answer.Headers.ETag!.Tag);
    }
}
