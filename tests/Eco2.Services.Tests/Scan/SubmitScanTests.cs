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

public sealed class SubmitScanTests(ScanFixture fixture) : IClassFixture<ScanFixture>
{
    private readonly ServiceHost scan = fixture.Scan;
    private readonly LineFixture line = fixture.Line;
    private readonly Guid user = Guid.CreateVersion7();

    private string Key => $"scan/{user:D}/0198c0de-0000-7000-8000-000000000003";

    [Fact]
    public async Task An_accepted_scan_has_a_row_a_log_and_says_where_to_look()
    {
        using var answer = await PostAsync($$"""{"image_key":"{{Key}}","user_input":"  병 "}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var accepted = await answer.JsonAsync();
        var jobId = accepted.GetProperty("job_id").GetGuid();
        Assert.Equal($"/api/v1/scan/{jobId:D}", answer.Headers.Location!.ToString());
        Assert.Equal($"/api/v1/scan/{jobId:D}/events", accepted.GetProperty("stream_url").GetString());
        var job = await line.ReadAsync(new Job(jobId, user));
        Assert.Equal(("queued", user, 1), (job!.Status, job.UserId, job.Events[0].Seq));
        using var result = await GetAsync($"/api/v1/scan/{jobId:D}/result");
        Assert.Equal(HttpStatusCode.Accepted, result.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), result.Headers.RetryAfter!.Delta);
        Assert.Equal("processing", (await result.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Sending_the_same_scan_twenty_times_at_once_makes_one()
    {
        var key = $"key-{Guid.CreateVersion7()}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync($$"""{"image_key":"{{Key}}"}""", key)));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        var texts = await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync()));
        Assert.Single(texts.Select(text => JsonDocument.Parse(text).RootElement.GetProperty("job_id").GetGuid()).Distinct());
        using var history = await GetAsync("/api/v1/scan");
        Assert.Equal(1, (await history.JsonAsync()).GetProperty("scans").GetArrayLength());
    }

    [Fact]
    public async Task A_key_means_one_body_and_one_user()
    {
        var key = $"key-{Guid.CreateVersion7()}";
        using var first = await PostAsync($$"""{"image_key":"{{Key}}","user_input":"병"}""", key);

        using var other = await PostAsync($$"""{"image_key":"{{Key}}","user_input":"캔"}""", key);
        // The same words, typed on a Mac.
        using var nfd = await PostAsync($$"""{"image_key":"{{Key}}","user_input":"\u1107\u1167\u11bc"}""", key);
        using var stranger = await PostAsync($$"""{"image_key":"{{Key}}"}""", key, Guid.CreateVersion7());

        await other.IsProblemAsync(HttpStatusCode.Conflict, "IDEMPOTENCY_MISMATCH", "scan");
        Assert.Equal(
            (await first.JsonAsync()).GetProperty("job_id").GetGuid(),
            (await nfd.JsonAsync()).GetProperty("job_id").GetGuid());
        await stranger.IsProblemAsync(HttpStatusCode.NotFound, "IMAGE_NOT_FOUND", "scan");
    }

    public static TheoryData<string, HttpStatusCode, string> Bad() => new()
    {
        { "", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_key\":", HttpStatusCode.BadRequest, "VALIDATION" },
        { "[]", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_key\":7}", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_key\":\"KEY\",\"surprise\":1}", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{}", HttpStatusCode.BadRequest, "IMAGE_URL_REQUIRED" },
        { "{\"image_key\":\"KEY\",\"model\":\"gpt-999\"}", HttpStatusCode.BadRequest, "UNSUPPORTED_MODEL" },
        { "{\"image_key\":\"KEY\",\"language\":\"xx\"}", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_key\":\"KEY\",\"user_input\":\"LONG\"}", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_key\":\"KEY\",\"user_input\":\"\\ud800\"}", HttpStatusCode.BadRequest, "VALIDATION" },
        { "{\"image_url\":\"http://169.254.169.254/latest\"}", HttpStatusCode.UnprocessableEntity, "IMAGE_HOST_NOT_ALLOWED" },
        { "{\"image_url\":\"http://127.0.0.1:6379/\"}", HttpStatusCode.UnprocessableEntity, "IMAGE_HOST_NOT_ALLOWED" },
        { "{\"image_url\":\"http://localhost:8080@evil.example/api/v1/images/KEY\"}", HttpStatusCode.UnprocessableEntity, "IMAGE_HOST_NOT_ALLOWED" },
        { "{\"image_url\":\"file:///etc/passwd\"}", HttpStatusCode.UnprocessableEntity, "IMAGE_HOST_NOT_ALLOWED" },
        { "{\"image_url\":\"http://localhost:8080/internal/images/KEY\"}", HttpStatusCode.UnprocessableEntity, "IMAGE_HOST_NOT_ALLOWED" },
        { "{\"image_key\":\"../../etc/passwd\"}", HttpStatusCode.NotFound, "IMAGE_NOT_FOUND" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_request_gets_a_clear_problem(string body, HttpStatusCode status, string code)
    {
        using var answer = await PostAsync(body.Replace("KEY", Key, StringComparison.Ordinal).Replace("LONG", new string('병', 501), StringComparison.Ordinal));

        await answer.IsProblemAsync(status, code, "scan");
    }

    [Fact]
    public async Task Own_pictures_may_be_named_by_address_and_an_emoji_is_one_character()
    {
        using var path = await PostAsync($$"""{"image_url":"/api/v1/images/{{Key}}"}""");
        using var url = await PostAsync($$"""{"image_url":"http://localhost:8080/api/v1/images/{{Key}}"}""");
        using var emoji = await PostAsync($$"""{"image_key":"{{Key}}","user_input":"{{string.Concat(Enumerable.Repeat("🥤", 500))}}"}""");

        Assert.All((HttpResponseMessage[])[path, url, emoji], a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
    }

    [Fact]
    public async Task An_unsupported_model_is_told_which_are()
    {
        using var answer = await PostAsync($$"""{"image_key":"{{Key}}","model":"gpt-999"}""");
        using var models = await GetAsync("/api/v1/scan/models");

        var problem = await answer.IsProblemAsync(HttpStatusCode.BadRequest, "UNSUPPORTED_MODEL");
        Assert.Equal(["gpt-5.2", "gpt-5-mini", "local"], problem.GetProperty("supported_models").EnumerateArray().Select(m => m.GetString()!));
        Assert.Equal("gpt-5.2", (await models.JsonAsync()).GetProperty("default").GetString());
    }

    [Fact]
    public async Task The_end_of_a_job_arrives_in_the_history_and_somebody_else_sees_nothing()
    {
        using var answer = await PostAsync($$"""{"image_key":"{{Key}}"}""");
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user);

        await Task.WhenAll(job.WholeScan().Select(line.PublishAsync));

        await Eventually.TrueAsync(
            async () =>
            {
                using var page = await GetAsync("/api/v1/scan");
                return (await page.JsonAsync()).GetProperty("scans")[0].GetProperty("status").GetString() == "succeeded";
            },
            "the history knows");
        using var own = await GetAsync($"/api/v1/scan/{job.Id:D}/result");
        using var foreign = await GetAsync($"/api/v1/scan/{job.Id:D}/result", Guid.CreateVersion7());
        using var recalled = await GetAsync($"/internal/scans/{job.Id:D}");
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal("completed", (await own.JsonAsync()).GetProperty("status").GetString());
        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "RESULT_NOT_FOUND", "scan");
        Assert.Equal("succeeded", (await recalled.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_pending_reward_is_settled_once_and_shows_in_the_result()
    {
        using var answer = await PostAsync($$"""{"image_key":"{{Key}}"}""");
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user);
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
        using var shown = await GetAsync($"/api/v1/scan/{job.Id:D}/result");
        var reward = (await shown.JsonAsync()).GetProperty("reward");
        Assert.Equal(("granted", "페티"), (reward.GetProperty("status").GetString(), reward.GetProperty("character").GetProperty("name").GetString()));
        Assert.Equal("granted", await RewardAsync("reward_status"));

        async Task<string?> RewardAsync(string field)
        {
            using var page = await GetAsync("/api/v1/scan");
            return (await page.JsonAsync()).GetProperty("scans")[0].TryGetProperty(field, out var value) ? value.GetString() : null;
        }

        Task<HttpResponseMessage> SettleAsync(Guid id, string status)
        {
            var request = Request(HttpMethod.Put, $"/internal/scans/{id:D}/reward", user);
            request.Content = Answers.Json(JsonSerializer.Serialize(
                new Reward(status, null, status == "granted" ? new RewardCharacter("char-petty", "페티", "", "", "") : null, null),
                ContractsJson.Default.Reward));
            return scan.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Words_wait_beside_the_job_and_return_to_their_owner_only()
    {
        using var silent = await PostAsync($$"""{"image_key":"{{Key}}"}""");
        using var answer = await PostAsync($$"""{"image_key":"{{Key}}","user_input":" 이 병은 어디에 "}""");
        var quiet = (await silent.JsonAsync()).GetProperty("job_id").GetGuid();
        var job = new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user);
        var (document, words) = (await line.TtlAsync(JobDocument.KeyOf(job.Id)), await line.TtlAsync(ScanWords.KeyOf(job.Id)));

        Assert.InRange(words, document - 10, document + 10);
        Assert.Equal(new ScanWords(user, "이 병은 어디에"), await ReadAsync(job.Id));
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
        using var deleted = await scan.Client.SendAsync(Request(HttpMethod.Delete, $"/api/v1/scan/{job.Id:D}", user));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Null(await ReadAsync(job.Id));

        Task<ScanWords?> ReadAsync(Guid id) => line.Worker.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(id));

        async Task<JsonElement> ResultAsync()
        {
            using var shown = await GetAsync($"/api/v1/scan/{job.Id:D}/result");
            return await shown.JsonAsync();
        }

        async Task<string?> StatusAsync()
        {
            using var history = await GetAsync("/api/v1/scan");
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
            using var answer = await PostAsync($$"""{"image_key":"{{Key}}"}""");
            ids.Add((await answer.JsonAsync()).GetProperty("job_id").GetGuid());
        }

        using var first = await GetAsync("/api/v1/scan?limit=3");
        var page = await first.JsonAsync();
        using var second = await GetAsync($"/api/v1/scan?limit=3&cursor={page.GetProperty("next_cursor").GetString()}");
        using var foreign = await scan.Client.SendAsync(Request(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}", Guid.CreateVersion7()));
        using var deleted = await scan.Client.SendAsync(Request(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}", user));
        using var again = await scan.Client.SendAsync(Request(HttpMethod.Delete, $"/api/v1/scan/{ids[0]:D}", user));

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
        using var answer = await GetAsync($"/api/v1/scan?{query}");

        await answer.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "scan");
    }

    private static IEnumerable<Guid> Ids(JsonElement page) => page.GetProperty("scans").EnumerateArray().Select(s => s.GetProperty("job_id").GetGuid());

    private static HttpRequestMessage Request(HttpMethod method, string path, Guid user)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-User-Id", user.ToString("D"));
        return request;
    }

    private Task<HttpResponseMessage> GetAsync(string path, Guid? who = null) => scan.Client.SendAsync(Request(HttpMethod.Get, path, who ?? user));

    private Task<HttpResponseMessage> PostAsync(string body, string? key = null, Guid? who = null)
    {
        var request = Request(HttpMethod.Post, "/api/v1/scan", who ?? user);
        request.Content = Answers.Json(body);
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return scan.Client.SendAsync(request);
    }
}
