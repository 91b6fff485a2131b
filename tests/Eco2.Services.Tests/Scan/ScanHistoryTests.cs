using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Contracts;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>What becomes of a scan that was accepted: its end, its reward, its words and its place in the history.</summary>
public sealed class ScanHistoryTests(ScanFixture fixture) : IClassFixture<ScanFixture>
{
    private readonly LineFixture line = fixture.Line;
    private readonly ScanUser user = new(fixture.Scan);

    [Fact]
    public async Task The_end_of_a_job_arrives_in_the_history_and_somebody_else_sees_nothing()
    {
        using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}"}""");
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user.Id);

        await Task.WhenAll(job.WholeScan().Select(line.PublishAsync));

        await Eventually.TrueAsync(
            async () =>
            {
                using var page = await user.GetAsync("/api/v1/scan");
                return (await page.JsonAsync()).GetProperty("scans")[0].GetProperty("status").GetString() == "succeeded";
            },
            "the history knows");
        using var own = await user.GetAsync($"/api/v1/scan/{job.Id:D}/result");
        using var foreign = await user.GetAsync($"/api/v1/scan/{job.Id:D}/result", Guid.CreateVersion7());
        using var recalled = await user.GetAsync($"/internal/scans/{job.Id:D}");
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal("completed", (await own.JsonAsync()).GetProperty("status").GetString());
        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "RESULT_NOT_FOUND", "scan");
        Assert.Equal("succeeded", (await recalled.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_pending_reward_is_settled_once_and_shows_in_the_result()
    {
        using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}"}""");
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user.Id);
        using var early = await SettleAsync(job.Id, "granted");
        var now = TimeProvider.System.GetUtcNow();
        var result = new ScanResult(job.Id, "completed", null, null, null, null, new Reward("pending", null, null, null), null, null, null, [], null, now, now);
        var ends = job.WholeScan();
        var last = ends[^1] with { Events = [ends[^1].Events[0], ends[^1].Events[1] with { Result = JsonSerializer.SerializeToElement(result, ContractsJson.Default.ScanResult) }] };
        await Task.WhenAll(ends.SkipLast(1).Append(last).Select(line.PublishAsync));
        await Eventually.TrueAsync(async () => await RewardAsync("reward_status") == "pending", "the history knows");

        using var settled = await SettleAsync(job.Id, "granted");
        using var again = await SettleAsync(job.Id, "not_eligible");

        await early.IsProblemAsync(HttpStatusCode.Conflict, "CONFLICT", "scan");
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent], [settled.StatusCode, again.StatusCode]);
        using var shown = await user.GetAsync($"/api/v1/scan/{job.Id:D}/result");
        var reward = (await shown.JsonAsync()).GetProperty("reward");
        Assert.Equal(("granted", "페티"), (reward.GetProperty("status").GetString(), reward.GetProperty("character").GetProperty("name").GetString()));
        Assert.Equal("granted", await RewardAsync("reward_status"));

        async Task<string?> RewardAsync(string field)
        {
            using var page = await user.GetAsync("/api/v1/scan");
            return (await page.JsonAsync()).GetProperty("scans")[0].TryGetProperty(field, out var value) ? value.GetString() : null;
        }

        Task<HttpResponseMessage> SettleAsync(Guid id, string status) => user.SendAsync(
            HttpMethod.Put,
            $"/internal/scans/{id:D}/reward",
            Answers.Json(JsonSerializer.Serialize(
                new Reward(status, null, status == "granted" ? new RewardCharacter("char-petty", "페티", "", "", "") : null, null),
                ContractsJson.Default.Reward)));
    }

    [Fact]
    public async Task Words_wait_beside_the_job_and_return_to_their_owner_only()
    {
        using var silent = await user.PostAsync($$"""{"image_key":"{{user.Key}}"}""");
        using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":" 이 병은 어디에 "}""");
        var quiet = (await silent.JsonAsync()).GetProperty("job_id").GetGuid();
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user.Id);
        var (document, words) = (await line.TtlAsync(JobDocument.KeyOf(job.Id)), await line.TtlAsync(ScanWords.KeyOf(job.Id)));

        Assert.InRange(words, document - 10, document + 10);
        Assert.Equal(new ScanWords(user.Id, "이 병은 어디에"), await ReadAsync(job.Id));
        Assert.Null(await ReadAsync(quiet));

        // As the worker tells it: the place of the words is empty.
        var now = TimeProvider.System.GetUtcNow();
        var pipeline = (JsonObject)JsonNode.Parse("""{"classification_result":{"meta":{"user_input":null}}}""")!;
        var result = new ScanResult(job.Id, "completed", null, pipeline, null, null, null, null, null, null, [], null, now, now);
        await line.PublishAsync(job.Batch(null, job.Event("done", "completed", 100) with { Result = JsonSerializer.SerializeToElement(result, ContractsJson.Default.ScanResult) }));
        await Eventually.TrueAsync(async () => (await ResultAsync()).GetProperty("status").GetString() == "completed", "the result is there");

        Assert.Equal("이 병은 어디에", SaidIn(await ResultAsync()));
        await Eventually.TrueAsync(async () => await StatusAsync() == "succeeded", "the history knows");
        Assert.Equal("이 병은 어디에", SaidIn(await ResultAsync()));
        using var deleted = await user.SendAsync(HttpMethod.Delete, $"/api/v1/scan/{job.Id:D}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Null(await ReadAsync(job.Id));

        Task<ScanWords?> ReadAsync(Guid id) => line.Worker.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(id));

        async Task<JsonElement> ResultAsync()
        {
            using var shown = await user.GetAsync($"/api/v1/scan/{job.Id:D}/result");
            return await shown.JsonAsync();
        }

        async Task<string?> StatusAsync()
        {
            using var history = await user.GetAsync("/api/v1/scan");
            return (await history.JsonAsync()).GetProperty("scans")[0].GetProperty("status").GetString();
        }

        static string? SaidIn(JsonElement result) =>
            result.GetProperty("pipeline_result").GetProperty("classification_result").GetProperty("meta").GetProperty("user_input").GetString();
    }

    [Fact]
    public async Task The_history_is_paged_newest_first_and_what_is_deleted_is_gone()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}"}""");
            ids.Add((await answer.JsonAsync()).GetProperty("job_id").GetGuid());
        }

        using var first = await user.GetAsync("/api/v1/scan?limit=3");
        var page = await first.JsonAsync();
        using var second = await user.GetAsync($"/api/v1/scan?limit=3&cursor={page.GetProperty("next_cursor").GetString()}");
        using var foreign = await user.SendAsync(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}", who: Guid.CreateVersion7());
        using var deleted = await user.SendAsync(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}");
        using var again = await user.SendAsync(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}");

        Assert.Equal(ids.Order().Reverse(), Ids(page).Concat(Ids(await second.JsonAsync())));
        Assert.Equal(3, Ids(page).Count());
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=many")]
    [InlineData("cursor=garbage")]
    [InlineData("cursor=!!!!!!!!!!!!!!!!!!!!!!")]
    public async Task A_page_that_cannot_be_is_refused(string query)
    {
        using var answer = await user.GetAsync($"/api/v1/scan?{query}");

        await answer.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "scan");
    }

    private static IEnumerable<Guid> Ids(JsonElement page) => page.GetProperty("scans").EnumerateArray().Select(s => s.GetProperty("job_id").GetGuid());
}
