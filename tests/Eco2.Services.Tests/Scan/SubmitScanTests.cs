using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.EventRouter;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>What is accepted, once; and what is not.</summary>
public sealed class SubmitScanTests(ScanFixture fixture) : IClassFixture<ScanFixture>
{
    private readonly LineFixture line = fixture.Line;
    private readonly ScanUser user = new(fixture.Scan);

    [Fact]
    public async Task An_accepted_scan_has_a_row_a_log_and_says_where_to_look()
    {
        using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":"  병 "}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var accepted = await answer.JsonAsync();
        var jobId = accepted.GetProperty("job_id").GetGuid();
        Assert.Equal($"/api/v1/scan/{jobId:D}", answer.Headers.Location!.ToString());
        Assert.Equal($"/api/v1/scan/{jobId:D}/events", accepted.GetProperty("stream_url").GetString());
        var job = await line.ReadAsync(new Job(jobId, user.Id));
        Assert.Equal(("queued", user.Id, 1), (job!.Status, job.UserId, job.Events[0].Seq));
        using var result = await user.GetAsync($"/api/v1/scan/{jobId:D}/result");
        Assert.Equal(HttpStatusCode.Accepted, result.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), result.Headers.RetryAfter!.Delta);
        Assert.Equal("processing", (await result.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Sending_the_same_scan_twenty_times_at_once_makes_one()
    {
        var key = $"key-{Guid.CreateVersion7()}";

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => user.PostAsync($$"""{"image_key":"{{user.Key}}"}""", key)));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        var texts = await Task.WhenAll(answers.Select(a => a.Content.ReadAsStringAsync()));
        Assert.Single(texts.Select(text => JsonDocument.Parse(text).RootElement.GetProperty("job_id").GetGuid()).Distinct());
        using var history = await user.GetAsync("/api/v1/scan");
        Assert.Equal(1, (await history.JsonAsync()).GetProperty("scans").GetArrayLength());
    }

    [Fact]
    public async Task A_key_means_one_body_and_one_user()
    {
        var key = $"key-{Guid.CreateVersion7()}";
        using var first = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":"병"}""", key);

        using var other = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":"캔"}""", key);
        // The same words, typed on a Mac.
        using var nfd = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":"\u1107\u1167\u11bc"}""", key);
        using var stranger = await user.PostAsync($$"""{"image_key":"{{user.Key}}"}""", key, Guid.CreateVersion7());

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
        using var answer = await user.PostAsync(body.Replace("KEY", user.Key, StringComparison.Ordinal).Replace("LONG", new string('병', 501), StringComparison.Ordinal));

        await answer.IsProblemAsync(status, code, "scan");
    }

    [Fact]
    public async Task Own_pictures_may_be_named_by_address_and_an_emoji_is_one_character()
    {
        using var path = await user.PostAsync($$"""{"image_url":"/api/v1/images/{{user.Key}}"}""");
        using var url = await user.PostAsync($$"""{"image_url":"http://localhost:8080/api/v1/images/{{user.Key}}"}""");
        using var emoji = await user.PostAsync($$"""{"image_key":"{{user.Key}}","user_input":"{{string.Concat(Enumerable.Repeat("🥤", 500))}}"}""");

        Assert.All((HttpResponseMessage[])[path, url, emoji], a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
    }

    [Fact]
    public async Task An_unsupported_model_is_told_which_are()
    {
        using var answer = await user.PostAsync($$"""{"image_key":"{{user.Key}}","model":"gpt-999"}""");
        using var models = await user.GetAsync("/api/v1/scan/models");

        var problem = await answer.IsProblemAsync(HttpStatusCode.BadRequest, "UNSUPPORTED_MODEL");
        Assert.Equal(["gpt-5.2", "gpt-5-mini", "local"], problem.GetProperty("supported_models").EnumerateArray().Select(m => m.GetString()!));
        Assert.Equal("gpt-5.2", (await models.JsonAsync()).GetProperty("default").GetString());
    }
}
