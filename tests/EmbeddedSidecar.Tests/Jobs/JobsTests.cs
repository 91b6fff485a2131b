using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using Xunit;

namespace EmbeddedSidecar.Tests.Jobs;

public sealed class JobsTests : IAsyncLifetime
{
    private SubscriberApp _app = null!;
    private SidecarFixture _sidecar = null!;

    public async Task InitializeAsync()
    {
        _app = await SubscriberApp.StartAsync();
        _sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app", AppPort = _app.Port, AppToken = "apptoken" });
        await _sidecar.WaitUntilReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("v1.0")]
    [InlineData("v1.0-alpha1")]
    public async Task A_due_job_is_posted_to_the_app_once_with_its_data_and_is_gone(string version)
    {
        using var scheduled = await _sidecar["app"].ScheduleAsync("send%20mail", """{"dueTime":"0s","data":{"to":["a",1,null]}}""", version);
        await Eventually.TrueAsync(() => !_app.Requests.IsEmpty, "the job");
        await _sidecar["app"].FenceAsync(() => _app.On("/job/fence").Any());
        using var gone = await _sidecar["app"].GetJobAsync("send%20mail", version);

        var received = Assert.Single(_app.On("/job/send%20mail"));
        Assert.Equal(HttpStatusCode.NoContent, scheduled.StatusCode);
        Assert.Equal("a", received.Json.GetProperty("to")[0].GetString());
        Assert.Equal("application/json", received.Headers["Content-Type"]);
        Assert.Equal("apptoken", received.Headers["dapr-api-token"]);
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", received.Headers["traceparent"]);
        Assert.Equal(HttpStatusCode.InternalServerError, gone.StatusCode);
        Assert.Equal("failed to get job due to: rpc error: code = NotFound desc = job not found: send mail", await MessageAsync(gone, "DAPR_SCHEDULER_GET_JOB"));
    }

    [Fact]
    public async Task A_job_without_data_has_an_empty_body_and_a_schedule_repeats_as_often_as_it_says()
    {
        using var scheduled = await _sidecar["app"].ScheduleAsync("again", """{"schedule":"@every 30ms","repeats":3}""");
        await Eventually.TrueAsync(() => _app.On("/job/again").Count() == 3, "three times");
        await _sidecar["app"].FenceAsync(() => _app.On("/job/fence").Any());

        Assert.Equal(3, _app.On("/job/again").Count());
        Assert.All(_app.On("/job/again"), one => Assert.Empty(one.Body));
    }

    [Fact]
    public async Task What_was_scheduled_can_be_read_overwritten_only_when_asked_and_deleted()
    {
        using var first = await _sidecar["app"].ScheduleAsync("j", """{"schedule":"@daily","data":"x","repeats":"7","dueTime":"2099-01-01T00:00:00Z","ttl":"1000h"}""");
        using var refused = await _sidecar["app"].ScheduleAsync("j", """{"schedule":"@hourly"}""");
        using var read = JsonDocument.Parse(await (await _sidecar["app"].GetJobAsync("j")).Content.ReadAsStringAsync());
        using var overwritten = await _sidecar["app"].ScheduleAsync("j", """{"schedule":"CRON_TZ=Asia/Seoul 0 0 9 * * *","overwrite":true,"failurePolicy":{"drop":{}}}""");
        using var second = JsonDocument.Parse(await (await _sidecar["app"].GetJobAsync("j")).Content.ReadAsStringAsync());
        using var deleted = await _sidecar["app"].DeleteJobAsync("j");
        using var gone = await _sidecar["app"].GetJobAsync("j");
        using var deletedAgain = await _sidecar["app"].DeleteJobAsync("j");

        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("job already exists", await MessageAsync(refused, "DAPR_SCHEDULER_SCHEDULE_JOB"), StringComparison.Ordinal);
        Assert.Equal(
            """{"name":"j","schedule":"@daily","repeats":7,"dueTime":"2099-01-01T00:00:00Z","ttl":"1000h","data":{"@type":"type.googleapis.com/google.protobuf.Value","value":"x"},"failurePolicy":{ "constant": { "interval": "1s", "maxRetries": 3 } }}""",
            read.RootElement.GetRawText());
        Assert.Equal(HttpStatusCode.NoContent, overwritten.StatusCode);
        Assert.Equal("CRON_TZ=Asia/Seoul 0 0 9 * * *", second.RootElement.GetProperty("schedule").GetString());
        Assert.True(second.RootElement.GetProperty("failurePolicy").TryGetProperty("drop", out _));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, gone.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deletedAgain.StatusCode);
    }

    [Fact]
    public async Task A_deleted_job_does_not_come_and_one_that_was_overwritten_comes_at_its_new_time()
    {
        using var scheduled = await _sidecar["app"].ScheduleAsync("j", """{"dueTime":"150ms"}""");
        using var deleted = await _sidecar["app"].DeleteJobAsync("j");
        using var early = await _sidecar["app"].ScheduleAsync("moved", """{"dueTime":"150ms"}""");
        using var late = await _sidecar["app"].ScheduleAsync("moved", """{"dueTime":"1h","overwrite":true}""");
        await _sidecar["app"].FenceAsync(() => _app.On("/job/fence").Any());

        Assert.Empty(_app.On("/job/j"));
        Assert.Empty(_app.On("/job/moved"));
    }

    [Theory]
    [InlineData("j", "{}", HttpStatusCode.BadRequest, "DAPR_SCHEDULER_SCHEDULE_EMPTY", "Schedule is empty")]
    [InlineData("%20", """{"schedule":"@daily"}""", HttpStatusCode.BadRequest, "DAPR_SCHEDULER_JOB_NAME_EMPTY", "Name is empty")]
    [InlineData("j", """{"name":"j","schedule":"@daily"}""", HttpStatusCode.BadRequest, "DAPR_SCHEDULER_JOB_NAME", "Set the job name in the url only")]
    [InlineData("j", """{"schedule":"* * *"}""", HttpStatusCode.InternalServerError, "DAPR_SCHEDULER_SCHEDULE_JOB", "expected exactly 6 fields")]
    [InlineData("j", """{"dueTime":"1s","repeats":2}""", HttpStatusCode.InternalServerError, "DAPR_SCHEDULER_SCHEDULE_JOB", "job must have a schedule to repeat")]
    [InlineData("a%2Fb", """{"dueTime":"1s"}""", HttpStatusCode.InternalServerError, "DAPR_SCHEDULER_SCHEDULE_JOB", "forbidden character")]
    public async Task What_cannot_be_scheduled_is_refused_in_the_words_of_dapr(string name, string json, HttpStatusCode status, string code, string message)
    {
        using var refused = await _sidecar["app"].ScheduleAsync(name, json);

        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(message, await MessageAsync(refused, code), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_no_json_is_malformed()
    {
        using var refused = await _sidecar["app"].ScheduleAsync("j", "{\"schedule\":");

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("ERR_MALFORMED_REQUEST", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"dueTime":"0s","failurePolicy":{"constant":{"interval":"0.020s","maxRetries":3}}}""", 4)]
    [InlineData("""{"dueTime":"0s","failurePolicy":{"drop":{}}}""", 1)]
    [InlineData("""{"schedule":"@every 20ms","repeats":2,"failurePolicy":{"constant":{"interval":"0.001s","maxRetries":1}}}""", 4)]
    public async Task A_failing_job_is_tried_as_its_policy_says_and_then_given_up(string json, int calls)
    {
        _app.Answer = received => (received.Path == "/job/fence" ? 200 : 500, null);

        using var scheduled = await _sidecar["app"].ScheduleAsync("j", json);
        await Eventually.TrueAsync(async () => !(await _sidecar["app"].GetJobAsync("j")).IsSuccessStatusCode, "given up");
        await _sidecar["app"].FenceAsync(() => _app.On("/job/fence").Any());

        Assert.Equal(calls, _app.On("/job/j").Count());
    }

    [Fact]
    public async Task The_standard_policy_tries_again_after_a_second_until_it_succeeds()
    {
        _app.Answer = _ => (_app.Requests.Count < 2 ? 500 : 200, null);

        using var scheduled = await _sidecar["app"].ScheduleAsync("j", """{"dueTime":"0s"}""");
        await Eventually.TrueAsync(async () => !(await _sidecar["app"].GetJobAsync("j")).IsSuccessStatusCode, "done");

        Assert.Equal(2, _app.On("/job/j").Count());
    }

    [Fact]
    public async Task A_404_ends_an_occurrence_without_a_retry()
    {
        _app.Answer = received => (received.Path == "/job/fence" ? 200 : 404, null);

        using var scheduled = await _sidecar["app"].ScheduleAsync("j", """{"dueTime":"0s","failurePolicy":{"constant":{"interval":"0.001s"}}}""");
        await Eventually.TrueAsync(async () => !(await _sidecar["app"].GetJobAsync("j")).IsSuccessStatusCode, "done");
        await _sidecar["app"].FenceAsync(() => _app.On("/job/fence").Any());

        Assert.Single(_app.On("/job/j"));
    }

    [Fact]
    public async Task A_job_that_is_due_while_nobody_listens_waits_for_the_app()
    {
        await _app.DownAsync();
        using var scheduled = await _sidecar["app"].ScheduleAsync("j", """{"dueTime":"0s","data":1}""");
        await Eventually.TrueAsync(() => !_sidecar["app"].Embedded.Instance.IsReachable, "noticed");
        using var waiting = await _sidecar["app"].GetJobAsync("j");

        await _app.UpAsync();
        await Eventually.TrueAsync(() => !_app.Requests.IsEmpty, "delivered");

        Assert.Equal(HttpStatusCode.OK, waiting.StatusCode);
        Assert.Equal("1", Encoding.UTF8.GetString(_app.On("/job/j").Single().Body));
    }

    private static async Task<string> MessageAsync(HttpResponseMessage response, string code)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(code, json.RootElement.GetProperty("errorCode").GetString());
        var details = json.RootElement.GetProperty("details")[0];
        Assert.Equal(("type.googleapis.com/google.rpc.ErrorInfo", code, "app"), (
            details.GetProperty("@type").GetString(), details.GetProperty("reason").GetString(), details.GetProperty("metadata").GetProperty("appID").GetString()));
        return json.RootElement.GetProperty("message").GetString()!;
    }
}
