using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.SseGateway;

/// <summary>Gateway, router and history as they run, with a stand-in for the worker that keeps what it is told to stop.</summary>
public sealed class JobsFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    public ConcurrentQueue<JobCancelRequested> Cancels { get; } = new();

    internal ServiceHost Gateway { get; private set; } = null!;

    internal ServiceHost Scan { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        await Line.StandInAsync("worker", app =>
        {
            app.MapPost("/events/scan-requested", () => Results.Ok());
            app.MapPost("/events/job-cancel", async (HttpRequest request) =>
            {
                using var body = await JsonDocument.ParseAsync(request.Body);
                Cancels.Enqueue(body.RootElement.GetProperty("data").Deserialize(ContractsJson.Default.JobCancelRequested)!);
            });
        });
        await Line.StandInAsync("image");
        await Line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build);
        Gateway = await Line.StartAsync("sse-gateway", global::Eco2.SseGateway.Program.Build);
        Scan = await Line.StartAsync("scan", global::Eco2.Scan.Program.Build, await PostgresCluster.CreateDatabaseAsync());
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}

public sealed class JobsTests(JobsFixture fixture) : IClassFixture<JobsFixture>
{
    private readonly LineFixture line = fixture.Line;

    [Theory]
    [InlineData("queued", "queued", 0, 1)]
    [InlineData("running", "vision", 5, 2)]
    [InlineData("succeeded", "done", 100, 10)]
    [InlineData("failed", "failed", 5, 4)]
    [InlineData("cancelled", "cancelled", 0, 2)]
    public async Task A_job_tells_its_owner_how_it_stands_and_nobody_else(string status, string stage, int progress, int seq)
    {
        var job = await BringAsync(status);

        using var own = await SendAsync(HttpMethod.Get, job);
        using var foreign = await SendAsync(HttpMethod.Get, job with { UserId = Guid.CreateVersion7() });

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        var view = await own.JsonAsync();
        Assert.Equal(
            (job.Id, "scan", status, stage, progress, seq),
            (view.GetProperty("job_id").GetGuid(), Text(view, "kind"), Text(view, "status"), Text(view, "current_stage"), view.GetProperty("progress").GetInt32(), view.GetProperty("last_seq").GetInt32()));
        var finished = status is "succeeded" or "failed" or "cancelled";
        Assert.Equal(finished, view.TryGetProperty("finished_at", out var end) && end.ValueKind == JsonValueKind.String);
        Assert.Equal(status is "failed" or "cancelled", view.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object);
        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "JOB_NOT_FOUND", "sse-gateway");
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("running")]
    public async Task A_job_under_way_is_asked_to_stop_and_once_it_has_there_is_nothing_left_to_do(string status)
    {
        var job = await BringAsync(status);

        using var foreign = await SendAsync(HttpMethod.Delete, job with { UserId = Guid.CreateVersion7() });
        using var own = await SendAsync(HttpMethod.Delete, job);

        Assert.Equal(HttpStatusCode.Accepted, own.StatusCode);
        Assert.Equal($"/api/v1/jobs/{job.Id:D}", own.Headers.Location!.ToString());
        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "JOB_NOT_FOUND", "sse-gateway");
        await Eventually.TrueAsync(() => fixture.Cancels.Any(c => c.JobId == job.Id), "the worker is told");
        Assert.All(fixture.Cancels.Where(c => c.JobId == job.Id), c => Assert.Equal((job.UserId, "scan"), (c.UserId, c.Kind)));
        await EndAsync(job, "cancelled");
        using var again = await SendAsync(HttpMethod.Delete, job);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
    }

    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    public async Task A_job_that_ended_otherwise_cannot_be_cancelled(string status)
    {
        var job = await BringAsync(status);

        using var answer = await SendAsync(HttpMethod.Delete, job);

        await answer.IsProblemAsync(HttpStatusCode.Conflict, "JOB_FINISHED", "sse-gateway");
        Assert.DoesNotContain(fixture.Cancels, c => c.JobId == job.Id);
    }

    [Fact]
    public async Task When_the_log_has_expired_the_history_answers_and_the_stream_is_gone()
    {
        var job = await SubmitAsync();
        foreach (var batch in job.WholeScan())
        {
            await line.PublishAsync(batch);
        }

        await Eventually.TrueAsync(async () => (await HistoryAsync(job)).Contains("\"succeeded\"", StringComparison.Ordinal), "the history knows");
        await line.Worker.DeleteStateAsync(JobDocument.Store, JobDocument.KeyOf(job.Id));
        var stranger = job with { UserId = Guid.CreateVersion7() };

        using var view = await SendAsync(HttpMethod.Get, job);
        using var stream = await SendAsync(HttpMethod.Get, job, "/events");
        using var cancel = await SendAsync(HttpMethod.Delete, job);

        Assert.Equal(HttpStatusCode.OK, view.StatusCode);
        Assert.Equal("succeeded", Text(await view.JsonAsync(), "status"));
        var gone = await stream.IsProblemAsync(HttpStatusCode.Gone, "EVENTS_EXPIRED", "sse-gateway");
        Assert.Contains($"/api/v1/scan/{job.Id:D}/result", Text(gone, "detail"), StringComparison.Ordinal);
        await cancel.IsProblemAsync(HttpStatusCode.Conflict, "JOB_FINISHED", "sse-gateway");
        foreach (var (method, rest) in ((HttpMethod, string)[])[(HttpMethod.Get, ""), (HttpMethod.Get, "/events"), (HttpMethod.Delete, "")])
        {
            using var foreign = await SendAsync(method, stranger, rest);
            await foreign.IsProblemAsync(HttpStatusCode.NotFound, "JOB_NOT_FOUND", "sse-gateway");
        }
    }

    [Fact]
    public async Task A_result_goes_out_with_the_words_of_its_owner_which_the_log_does_not_hold()
    {
        var job = await line.AcceptAsync();
        await line.Worker.SaveStateAsync(JobDocument.Store, ScanWords.KeyOf(job.Id), new ScanWords(job.UserId, "어디에 \"버려요\"?"));
        var result = JsonElement.Parse("""{"status":"completed","pipeline_result":{"classification_result":{"meta":{"user_input":null}}}}""");
        await line.PublishAsync(job.Batch(null, job.Event("done", "completed", 100) with { Result = result }));
        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Status == "succeeded", "the job is done");

        using var view = await SendAsync(HttpMethod.Get, job);
        using var stream = await SendAsync(HttpMethod.Get, job, "/events");
        var frame = (await stream.Content.ReadAsStringAsync()).Split('\n').Last(text => text.StartsWith("data: {\"job_id\"", StringComparison.Ordinal))["data: ".Length..];
        var log = JsonSerializer.Serialize((await line.ReadAsync(job))!, ContractsJson.Default.JobDocument);
        await line.Worker.DeleteStateAsync(JobDocument.Store, ScanWords.KeyOf(job.Id));
        using var late = await SendAsync(HttpMethod.Get, job);

        Assert.Equal("어디에 \"버려요\"?", Said(await view.JsonAsync()));
        Assert.Equal("어디에 \"버려요\"?", Said(JsonElement.Parse(frame)));
        Assert.Null(Said(JsonElement.Parse(log).GetProperty("events").EnumerateArray().Last()));
        Assert.Equal((HttpStatusCode.OK, null), (late.StatusCode, Said(await late.JsonAsync())));

        static string? Said(JsonElement holder) =>
            holder.GetProperty("result").GetProperty("pipeline_result").GetProperty("classification_result").GetProperty("meta").GetProperty("user_input").GetString();
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static HttpRequestMessage As(Guid user, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-User-Id", user.ToString("D"));
        return request;
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, Job job, string rest = "") =>
        fixture.Gateway.Client.SendAsync(As(job.UserId, method, $"/api/v1/jobs/{job.Id:D}{rest}"));

    private async Task<string> HistoryAsync(Job job)
    {
        using var page = await fixture.Scan.Client.SendAsync(As(job.UserId, HttpMethod.Get, "/api/v1/scan"));
        return await page.Content.ReadAsStringAsync();
    }

    private async Task<Job> SubmitAsync()
    {
        var user = Guid.CreateVersion7();
        using var request = As(user, HttpMethod.Post, "/api/v1/scan");
        request.Content = Answers.Json($$"""{"image_key":"scan/{{user:D}}/{{Guid.CreateVersion7():D}}"}""");
        using var answer = await fixture.Scan.Client.SendAsync(request);
        return new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user);
    }

    private async Task<Job> BringAsync(string status)
    {
        var job = await line.AcceptAsync();
        if (status == "succeeded")
        {
            foreach (var batch in job.WholeScan())
            {
                await line.PublishAsync(batch);
            }
        }
        else if (status is "running" or "failed")
        {
            await line.PublishAsync(job.WholeScan()[0]);
        }

        if (status is "failed" or "cancelled")
        {
            await EndAsync(job, status);
        }

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Status == status, $"the job is {status}");
        return job;
    }

    private async Task EndAsync(Job job, string how)
    {
        var error = new JobError(how == "failed" ? "VISION_FAILED" : "CANCELLED", "…", how == "failed" ? "vision" : null, false);
        await line.PublishAsync(how == "failed"
            ? job.Batch(job.IdOf("vision", "started"), job.Event("vision", "failed", 0) with { Error = error }, job.Event("failed", "failed", 0) with { Error = error })
            : job.Batch(null, job.Event("cancelled", "failed", 0) with { Error = error }));
        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Status == how, $"the job is {how}");
    }
}
