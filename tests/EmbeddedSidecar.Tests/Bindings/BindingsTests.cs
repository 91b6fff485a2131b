using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Scheduling;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

public sealed class BindingsTests : IDisposable
{
    private static readonly HttpClient Http = new();
    private readonly string _root = Directory.CreateTempSubdirectory("bindings").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Local_storage_decodes_base64_lists_and_deletes()
    {
        await using var sidecar = await StorageAsync();
        var bytes = new byte[] { 0xFF, 0xD8, 0, 1, 2 };

        using var created = await InvokeAsync(sidecar, $$$"""{"operation":"create","data":"{{{Convert.ToBase64String(bytes)}}}","metadata":{"fileName":"u/1.jpg"}}""");
        using var text = await InvokeAsync(sidecar, """{"operation":"create","data":"안녕 \"x\"","metadata":{"fileName":"t.txt"}}""");
        using var found = await InvokeAsync(sidecar, """{"operation":"get","metadata":{"fileName":"u/1.jpg"}}""");
        using var listed = await InvokeAsync(sidecar, """{"operation":"list"}""");
        using var deleted = await InvokeAsync(sidecar, """{"operation":"delete","metadata":{"fileName":"u/1.jpg"}}""");
        using var missing = await InvokeAsync(sidecar, """{"operation":"get","metadata":{"fileName":"u/1.jpg"}}""");

        Assert.Equal("""{"fileName":"u/1.jpg"}""", await created.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, text.StatusCode);
        Assert.Equal("안녕 \"x\"", await File.ReadAllTextAsync(Path.Combine(_root, "t.txt")));
        Assert.Equal(bytes, await found.Content.ReadAsByteArrayAsync());
        Assert.Equal($"""["{_root}/t.txt","{_root}/u/1.jpg"]""", await listed.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, missing.StatusCode);
        Assert.Contains("ERR_INVOKE_OUTPUT_BINDING", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("file not found", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_name_cannot_climb_out_of_the_root()
    {
        await using var sidecar = await StorageAsync();

        using var created = await InvokeAsync(sidecar, """{"operation":"create","data":"x y","metadata":{"fileName":"../../../../climb.txt"}}""");

        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.True(File.Exists(Path.Combine(_root, "climb.txt")));
    }

    [Fact]
    public async Task An_unknown_binding_or_operation_is_an_error_of_the_binding_api()
    {
        await using var sidecar = await StorageAsync();

        using var operation = await InvokeAsync(sidecar, """{"operation":"presign"}""");

        Assert.Equal(HttpStatusCode.InternalServerError, operation.StatusCode);
        Assert.Contains("does not support operation presign", await operation.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data":"x"}""", 500, "error invoking output binding objects: operation field is missing from request")]
    [InlineData("""{"operation":5}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"operation":"list","metadata":{"fileName":5}}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"operation":"list","metadata":["fileName"]}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"OPERATION":"list","metadata":{"fileName":null}}""", 200, "null")]
    public async Task What_a_request_lacks_is_told(string json, int status, string expected)
    {
        await using var sidecar = await StorageAsync();

        using var answer = await InvokeAsync(sidecar, json);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // What daprd makes of JSON that it reads and writes: local storage gets these bytes.
    [Theory]
    [InlineData("""{"operation":"create","data":{ "b" : [ 1.50, 1e3, 12345678901234567890 ], "a\/" : "<&\ud83d\ude00\u0001", "b":[] }}""", """{"a/":"\u003c\u0026😀\u0001","b":[]}""")]
    [InlineData("""{"operation":"create","data":[1.50, 1e3, 12345678901234567890, 1E-7, -0.000001, 1e21, true, null]}""", "[1.5,1000,12345678901234567000,1e-7,-0.000001,1e+21,true,null]")]
    [InlineData("""{"operation":"create","data":"a \"\/\ud83d\ude00\n"}""", "a \"/😀\n")]
    public async Task Data_over_http_is_read_and_written_anew(string json, string expected)
    {
        await using var sidecar = await StorageAsync();

        using var created = await InvokeAsync(sidecar, json);

        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.Equal(expected, await File.ReadAllTextAsync(Directory.GetFiles(_root).Single()));
    }

    [Fact]
    public async Task Data_that_is_not_there_is_null()
    {
        await using var sidecar = await StorageAsync();

        using var created = await InvokeAsync(sidecar, """{"operation":"create"}""");

        Assert.Equal(Convert.FromBase64String("null"), await File.ReadAllBytesAsync(Directory.GetFiles(_root).Single()));
    }

    [Fact]
    public async Task A_cron_binding_calls_an_app_that_wants_it_and_no_other()
    {
        var ticks = new TaskCompletionSource<string>();
        await using var wants = await TestApp.StartAsync(http =>
        {
            if (HttpMethods.IsPost(http.Request.Method))
            {
                ticks.TrySetResult($"{http.Request.Path} {http.Request.Headers["timeZone"]} {http.Request.ContentLength} {http.Request.Headers["readTimeUTC"]}");
            }

            // Such an app wants it, too.
            http.Response.StatusCode = HttpMethods.IsOptions(http.Request.Method) ? 405 : 200;
            return Task.CompletedTask;
        });
        var refusedTicks = 0;
        await using var refuses = await TestApp.StartAsync(http =>
        {
            refusedTicks += HttpMethods.IsPost(http.Request.Method) ? 1 : 0;
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("tick", "bindings.cron", "schedule: @every 1s", "route: /cron/tick"),
            new AppSettings { AppId = "refuses", AppPort = refuses.Port },
            new AppSettings { AppId = "wants", AppPort = wants.Port });

        var tick = await ticks.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Matches(@"^/cron/tick (Local|UTC|\w+/\w+) 0 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d*[1-9])? \+0000 UTC$", tick);
        Assert.Equal(0, refusedTicks);
    }

    [Fact]
    public async Task Metadata_tells_which_way_a_binding_goes()
    {
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("files", "bindings.localstorage", $"rootPath: {_root}") + SidecarFixture.Component("tick", "bindings.cron", "schedule: @daily"), new AppSettings { AppId = "app" });

        var metadata = await Http.GetFromJsonAsync<JsonElement>(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/metadata"));

        Assert.Equal(
            ["files: OUTPUT_BINDING", "tick: INPUT_BINDING"],
            metadata.GetProperty("components").EnumerateArray().Select(one => $"{one.GetProperty("name")}: {one.GetProperty("capabilities")[0]}").Order());
    }

    // As daprd has it: to its policy 200 alone is success.
    [Fact]
    public async Task A_policy_brings_an_event_again_when_the_answer_is_204()
    {
        var times = new ConcurrentQueue<string>();
        await using var app = await TestApp.StartAsync(http =>
        {
            times.Enqueue(http.Request.Headers["readTimeUTC"].ToString());
            http.Response.StatusCode = 204;
            return Task.CompletedTask;
        });
        const string retry = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: { retries: { twice: { policy: constant, duration: 1ms, maxRetries: 2 } } }
              targets: { components: { tick: { inbound: { retry: twice } } } }

            """;
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("tick", "bindings.cron", "schedule: @every 1s", "direction: input") + retry, new AppSettings { AppId = "app", AppPort = app.Port });

        await Eventually.TrueAsync(() => times.GroupBy(time => time).Any(tick => tick.Count() == 3), "one tick came three times");
    }

    [Theory]
    [InlineData("*/5 * * * *", "2026-01-01T00:03:10Z", "2026-01-01T00:05:00Z")]
    [InlineData("30 10 * * * *", "2026-01-01T00:10:30Z", "2026-01-01T01:10:30Z")]
    [InlineData("0 9 * * mon-fri", "2026-01-02T09:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("CRON_TZ=Asia/Seoul 0 9 * * *", "2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("TZ=UTC @every 500ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z")]
    // A star that is divided is no star: either field may match then.
    [InlineData("0 0 */10 * mon", "2026-01-06T00:00:00Z", "2026-01-11T00:00:00Z")]
    [InlineData("0/90 0 1 1 *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@every 1m30s", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z")]
    public void A_schedule_names_the_next_time(string schedule, string after, string next)
    {
        var found = CronSchedule.Parse(schedule).After(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture));

        Assert.Equal(DateTimeOffset.Parse(next, CultureInfo.InvariantCulture), found);
    }

    [Theory]
    [InlineData("0 0 * * 7")]
    [InlineData("@every 5")]
    [InlineData("* * * *")]
    [InlineData("TZ=UTC")]
    public void What_is_no_schedule_is_refused(string schedule) => Assert.Throws<FormatException>(() => CronSchedule.Parse(schedule));

    private Task<SidecarFixture> StorageAsync() =>
        SidecarFixture.StartAsync(SidecarFixture.Component("objects", "bindings.localstorage", $"rootPath: {_root}"), new AppSettings { AppId = "app" });

    private static Task<HttpResponseMessage> InvokeAsync(SidecarFixture sidecar, string json) =>
        Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/bindings/objects"), new StringContent(json));
}
