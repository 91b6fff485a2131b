using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Telemetry;

/// <summary>Spans as Zipkin gets them: the Configuration of <c>dapr init</c> sends them there.</summary>
public sealed class ZipkinTests : IDisposable
{
    private readonly ConcurrentQueue<JsonElement> _spans = new();
    private readonly ConcurrentQueue<string> _posts = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zipkin-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Spans_are_posted_with_their_ids_times_ends_and_what_came_of_them()
    {
        await using var zipkin = await CollectorAsync();
        await using var app = await TestApp.StartAsync(http =>
        {
            http.Response.StatusCode = http.Request.Path == "/broken" ? 500 : 200;
            return Task.CompletedTask;
        });
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        var (trace, root) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        await using (var sidecar = await StartAsync(
            $"zipkin: {{ endpointAddress: \"http://127.0.0.1:{zipkin.Port}/api/v2/spans\" }}",
            new AppSettings { AppId = "caller" },
            new AppSettings { AppId = "called", AppPort = app.Port }))
        {
            await sidecar.WaitUntilReadyAsync();
            await GetAsync(sidecar["caller"], "/v1.0/invoke/called/method/broken", trace, root);
            await GetAsync(sidecar["caller"], "/v1.0/state/state/a");
        }

        Assert.All(_posts, post => Assert.Equal("POST /api/v2/spans application/json", post));
        var client = Assert.Single(_spans, span => Text(span, "traceId") == trace && Service(span) == "caller");
        var server = Assert.Single(_spans, span => Text(span, "traceId") == trace && Service(span) == "called");
        Assert.Equal((root, "CallLocal/called/broken", "CLIENT"), (Text(client, "parentId"), Text(client, "name"), Text(client, "kind")));
        Assert.Equal((Text(client, "id"), "SERVER"), (Text(server, "parentId"), Text(server, "kind")));
        Assert.InRange(client.GetProperty("timestamp").GetInt64(), before - 1_000_000, before + 60_000_000);
        Assert.InRange(client.GetProperty("duration").GetInt64(), 1, 60_000_000);
        Assert.Equal(("http", "500", "ERROR", "caller"), (Tag(client, "dapr.protocol"), Tag(client, "dapr.status_code"), Tag(client, "otel.status_code"), Tag(client, "service.name")));
        Assert.StartsWith("Code(500)", Tag(client, "error"), StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", client.GetProperty("remoteEndpoint").GetProperty("serviceName").GetString());
        Assert.False(server.TryGetProperty("remoteEndpoint", out _));

        var alone = Assert.Single(_spans, span => Text(span, "name") == "/v1.0/state/state/a");
        Assert.False(alone.TryGetProperty("parentId", out _));
        Assert.False(alone.GetProperty("tags").TryGetProperty("error", out _));
    }

    [Fact]
    public async Task Zipkin_and_a_collector_of_otlp_get_the_same_spans()
    {
        await using var otlp = new TraceCollector();
        await otlp.StartAsync();
        await using var zipkin = await CollectorAsync();
        var authority = new Uri(otlp.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"]).Authority;
        await using (var sidecar = await StartAsync(
            $"zipkin: {{ endpointAddress: \"http://127.0.0.1:{zipkin.Port}/api/v2/spans\" }}\n    otel: {{ endpointAddress: \"{authority}\", isSecure: false, protocol: http }}",
            new AppSettings { AppId = "both" }))
        {
            await sidecar.WaitUntilReadyAsync();
            await GetAsync(sidecar["both"], "/v1.0/state/state/a");
        }

        Assert.Equal(Assert.Single(otlp.Spans).SpanId, Text(Assert.Single(_spans), "id"));
    }

    [Fact]
    public async Task A_zipkin_that_is_away_harms_no_call()
    {
        await using (var sidecar = await StartAsync(
            $"zipkin: {{ endpointAddress: \"http://127.0.0.1:{ChildServer.FreePort()}/api/v2/spans\" }}", new AppSettings { AppId = "alone" }))
        {
            await sidecar.WaitUntilReadyAsync();
            await GetAsync(sidecar["alone"], "/v1.0/state/state/a");
        }
    }

    [Theory]
    [InlineData("zipkin: { endpointAddress: \"localhost:9411\" }", "endpointAddress must be an address such as http://localhost:9411/api/v2/spans")]
    [InlineData("zipkin: { endpoint: x }", "endpoint of zipkin is not supported")]
    [InlineData("stdout: true", "stdout is not supported by the embedded sidecar")]
    public async Task What_is_no_address_is_refused(string tracing, string why) =>
        Assert.Contains(why, (await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(tracing, new AppSettings { AppId = "wrong" }))).Message, StringComparison.Ordinal);

    private Task<TestApp> CollectorAsync() => TestApp.StartAsync(async http =>
    {
        _posts.Enqueue($"{http.Request.Method} {http.Request.Path} {http.Request.ContentType}");
        foreach (var span in (await http.Request.ReadFromJsonAsync<JsonElement>()).EnumerateArray())
        {
            _spans.Enqueue(span);
        }

        http.Response.StatusCode = StatusCodes.Status202Accepted;
    });

    private async Task<SidecarFixture> StartAsync(string tracing, params AppSettings[] apps)
    {
        var file = Path.Combine(_folder.FullName, $"{Guid.CreateVersion7()}.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: daprConfig }
            spec:
              tracing:
                samplingRate: "1"
                {{tracing}}
            """);
        return await SidecarFixture.StartAsync(SidecarFixture.InMemory, [.. apps.Select(app => app with { ConfigFile = file })]);
    }

    private static async Task GetAsync(SidecarPorts app, string path, string? trace = null, string? root = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.HttpEndpoint, path));
        if (trace is not null)
        {
            request.Headers.Add("traceparent", $"00-{trace}-{root}-01");
        }

        using var response = await http.SendAsync(request);
    }

    private static string? Text(JsonElement span, string name) => span.GetProperty(name).GetString();

    private static string? Service(JsonElement span) => span.GetProperty("localEndpoint").GetProperty("serviceName").GetString();

    private static string? Tag(JsonElement span, string name) => span.GetProperty("tags").GetProperty(name).GetString();
}
