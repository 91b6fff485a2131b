using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Cli.Observe;
using Xunit;

namespace Eco2.Cli.Tests.Observe;

public sealed class ObserveServerTests : IAsyncLifetime
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Job = "01a1ffc9-0c91-7565-8067-b451d49e39d8";
    // With Expect: 100-continue a refusal is heard before the body is sent.
    private readonly HttpClient http = new() { DefaultRequestHeaders = { ExpectContinue = true } };
    private ObserveServer server = null!;

    public async Task InitializeAsync()
    {
        server = await ObserveServer.StartAsync(0, TimeProvider.System, CancellationToken.None);
        http.BaseAddress = server.Url;
    }

    public async Task DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task It_listens_on_loopback_and_serves_a_page_that_loads_nothing_from_elsewhere()
    {
        var page = await http.GetAsync(new Uri("/", UriKind.Relative));
        var script = await http.GetStringAsync(new Uri("/page.js", UriKind.Relative));

        Assert.Equal("127.0.0.1", server.Url.Host);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False(page.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.DoesNotContain("http", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host", "rebound.example:{port}")]
    [InlineData("Host", "127.0.0.1")]
    [InlineData("Host", "127.0.0.1:1")]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task What_comes_from_another_site_is_refused(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/state");
        request.Headers.TryAddWithoutValidation(header, value.Replace("{port}", $"{server.Url.Port}", StringComparison.Ordinal));

        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("localhost", "same-origin")]
    [InlineData("127.0.0.1", "none")]
    public async Task The_page_itself_is_served(string host, string site)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/state");
        request.Headers.Host = $"{host}:{server.Url.Port}";
        request.Headers.Add("Sec-Fetch-Site", site);

        using var answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_form_of_another_page_cannot_send_traces()
    {
        using var form = new StringContent("", MediaTypeHeaderValue.Parse("text/plain"));
        using var answer = await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), form);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task What_is_no_trace_is_refused_and_what_is_too_large_too()
    {
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync([0x0a, 0xff, 0xff]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await SendAsync(new byte[9 * 1024 * 1024]));
    }

    [Fact]
    public async Task A_job_is_followed_from_its_acceptance_to_its_end_and_a_span_sent_twice_counts_once()
    {
        (string, string)[] job = [("eco2.job.id", Job), ("eco2.job.kind", "scan")];
        var accepted = Otlp.Request("scan", Otlp.Span(Trace, "00000000000000a1", "POST /api/v1/scan/", tags: job, startMs: 1_000, endMs: 1_010));
        await SendAsync(accepted);
        await SendAsync(accepted);
        var queued = (await StateAsync()).GetProperty("running")[0];
        await SendAsync(Otlp.Request("event-router", Otlp.Span(Trace, "00000000000000b1", "append to job", kind: 1, parent: "00000000000000a1", tags: job, events:
            [Otlp.JobEvent(1_100, "vision", "started")])));
        var running = (await StateAsync()).GetProperty("running")[0];
        await SendAsync(Otlp.Request("event-router", Otlp.Span(Trace, "00000000000000b2", "append to job", kind: 1, parent: "00000000000000a1", tags: job, events:
            [Otlp.JobEvent(1_400, "vision", "completed"), Otlp.JobEvent(1_500, "done", "completed")])));
        var state = await StateAsync();
        var ended = state.GetProperty("ended")[0];

        Assert.Equal(("queued", "queued"), (Text(queued, "status"), Text(queued, "stage")));
        Assert.Equal(("running", "vision"), (Text(running, "status"), Text(running, "stage")));
        Assert.Equal((Job, "succeeded", Trace, 1_000, 1_500), (Text(ended, "id"), Text(ended, "status"), Text(ended, "traceId"), ended.GetProperty("accepted").GetDouble(), ended.GetProperty("ended").GetDouble()));
        Assert.Empty(state.GetProperty("running").EnumerateArray());
        Assert.Equal(["vision 300", "all 500"], state.GetProperty("stages").EnumerateArray().Select(stage => $"{Text(stage, "name")} {stage.GetProperty("p95").GetDouble()}"));
        var trace = Assert.Single(state.GetProperty("traces").EnumerateArray());
        Assert.Equal(("scan", Job, 3), (Text(trace, "service"), Text(trace, "job"), trace.GetProperty("spans").GetInt32()));
        Assert.Equal(3, (await http.GetFromJsonAsync<JsonElement>($"/api/traces/{Trace}")).GetArrayLength());
    }

    [Fact]
    public async Task Only_tags_that_hold_nothing_of_a_person_are_kept()
    {
        await SendAsync(Otlp.Request("my", Otlp.Span(Trace, "00000000000000a1", "GET", tags: [("url.full", "http://x/?email=me@example.com"), ("db.query.text", "select 'secret'"), ("http.response.status_code", "200")])));

        var tags = (await http.GetFromJsonAsync<JsonElement>($"/api/traces/{Trace}"))[0].GetProperty("tags");

        Assert.Equal("""{"http.response.status_code":"200"}""", tags.GetRawText());
    }

    [Fact]
    public async Task A_trace_that_is_not_there_is_404()
    {
        using var answer = await http.GetAsync(new Uri($"/api/traces/{Trace}", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task<HttpStatusCode> SendAsync(byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var answer = await http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content);
        return answer.StatusCode;
    }

    private Task<JsonElement> StateAsync() => http.GetFromJsonAsync<JsonElement>("/api/state");

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
