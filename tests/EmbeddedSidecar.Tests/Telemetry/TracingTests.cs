using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Telemetry;

/// <summary>Spans as a collector gets them.</summary>
public sealed class TracingTests : IAsyncLifetime
{
    private readonly TraceCollector _collector = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracing-tests-");

    public Task InitializeAsync() => _collector.StartAsync();

    public async Task DisposeAsync()
    {
        await _collector.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_call_is_a_span_at_the_callers_sidecar_and_one_at_the_called_ones_and_both_headers_meet()
    {
        string? seen = null;
        await using var app = await TestApp.StartAsync(http =>
        {
            seen = http.Request.Path.StartsWithSegments("/dapr") ? seen : http.Request.Headers.TraceParent;
            return http.Response.WriteAsync("done");
        });
        var (trace, root) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        await using (var sidecar = await StartAsync("0", new AppSettings { AppId = "caller" }, new AppSettings { AppId = "called", AppPort = app.Port }))
        {
            Assert.Null(sidecar["caller"].Embedded.Instance.Tracer);
        }

        await using (var sidecar = await StartAsync("0.000001", new AppSettings { AppId = "caller" }, new AppSettings { AppId = "called", AppPort = app.Port }))
        {
            await sidecar.WaitUntilReadyAsync();
            using var answer = await SendAsync(sidecar["caller"], HttpMethod.Get, "/v1.0/invoke/called/method/orders/0198c0de-0000-7000-8000-000000000001?code=secret", trace, root);
            Assert.Equal($"00-{trace}", answer.Headers.GetValues("traceparent").Single()[..35]);
        }

        var spans = Of(trace);
        var client = Assert.Single(spans, span => span.Service == "caller");
        var server = Assert.Single(spans, span => span.Service == "called");
        Assert.Equal((root, "CallLocal/called/orders/{id}"), (client.ParentId, client.Name));
        Assert.Equal((client.SpanId, "CallLocal/called/orders/{id}"), (server.ParentId, server.Name));
        Assert.Equal($"00-{trace}-{server.SpanId}-01", seen);
        Assert.Equal(("http", "GET /v1.0/invoke/called/method/orders/{id}", "200"), (client.Attributes["dapr.protocol"], client.Attributes["dapr.api"], client.Attributes["dapr.status_code"]));
        Assert.All(spans, span => Assert.DoesNotContain("secret", JsonSerializer.Serialize(span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_goes_on_in_the_trace_of_its_publisher_alone_and_in_bulk()
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var app = await TestApp.StartAsync(async http =>
        {
            if (http.Request.Path == "/dapr/subscribe")
            {
                await http.Response.WriteAsJsonAsync(new[] { new { pubsubname = "pubsub", topic = "news", route = "/news" } });
            }
            else if (http.Request.Path == "/news")
            {
                seen.Enqueue(http.Request.Headers.TraceParent.ToString());
            }
        });
        var (trace, root) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        await using (var sidecar = await StartAsync("0.000001", new AppSettings { AppId = "reader", AppPort = app.Port }))
        {
            await sidecar.WaitUntilReadyAsync();
            using var one = await SendAsync(sidecar["reader"], HttpMethod.Post, "/v1.0/publish/pubsub/news", trace, root, new { text = "one" });
            using var two = await SendAsync(
                sidecar["reader"], HttpMethod.Post, "/v1.0/publish/bulk/pubsub/news", trace, root, new[] { new { entryId = "1", @event = "a", contentType = "text/plain" }, new { entryId = "2", @event = "b", contentType = "text/plain" } });
            using var state = await SendAsync(sidecar["reader"], HttpMethod.Post, "/v1.0/state/state", trace, root, new[] { new { key = "a", value = 1 } });
            await Eventually.TrueAsync(() => seen.Count == 3, "all three are there");
        }

        var spans = Of(trace);
        var published = Assert.Single(spans, span => span.Name == "/v1.0/publish/pubsub/news");
        var batch = spans.Where(span => span.Name == "/v1.0/publish/bulk/pubsub/news" && span.ParentId == root).ToList();
        var parts = spans.Where(span => span.ParentId == Assert.Single(batch).SpanId).ToList();
        var delivered = spans.Where(span => span.Name == "pubsub/news").ToList();
        Assert.Equal(2, parts.Count);
        Assert.Equal(new[] { published.SpanId, parts[0].SpanId, parts[1].SpanId }.Order(), delivered.Select(span => span.ParentId).Order());
        Assert.Equal(delivered.Select(span => $"00-{trace}-{span.SpanId}-01").Order(), seen.Order());
        Assert.Equal(("pubsub", "news"), (published.Attributes["messaging.system"], published.Attributes["messaging.destination.name"]));
        Assert.Equal(("state", "state"), Assert.Single(spans, span => span.Name == "/v1.0/state/state") is var save ? (save.Attributes["db.system"], save.Attributes["db.name"]) : default);
        Assert.Equal(spans.Count, spans.Select(span => span.SpanId).Distinct().Count());
    }

    [Fact]
    public async Task A_workflow_tells_start_activities_and_end_once_however_often_it_is_replayed_or_its_sidecar_restarts()
    {
        await using var redis = await RedisServer.StartAsync();
        var (trace, root) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        var resources = SidecarFixture.OnRedis(redis);
        var parents = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        await using (var sidecar = await StartAsync("0.000001", resources, new AppSettings { AppId = "flow" }))
        {
            await using var worker = Worker(sidecar, upTo: 2);
            using var hub = new TaskHub(sidecar["flow"].GrpcEndpoint);
            await hub.Call<CreateInstanceResponse>(
                "StartInstance",
                new CreateInstanceRequest { InstanceId = "w", Name = "Long", ParentTraceContext = new TraceContext { TraceParent = $"00-{trace}-{root}-01" } });
            await Eventually.TrueAsync(() => worker.Activities.Count == 3, "two of four activities are done and one is under way");
        }

        // What was out when the sidecar stopped is sent again by the next one.
        await using (var sidecar = await StartAsync("0.000001", resources, new AppSettings { AppId = "flow" }))
        {
            await using var worker = Worker(sidecar, upTo: 4);
            using var hub = new TaskHub(sidecar["flow"].GrpcEndpoint);
            await hub.CompletedAsync("w");
            Assert.True(worker.Turns.Max(turn => turn.PastEvents.Count) > 5, "the workflow was replayed");
        }

        var spans = Of(trace);
        var created = Assert.Single(spans, span => span.Name == "create_orchestration||Long");
        var ran = Assert.Single(spans, span => span.Name == "orchestration||Long");
        var activities = spans.Where(span => span.Name.StartsWith("activity||", StringComparison.Ordinal)).ToList();
        Assert.Equal(["activity||A0", "activity||A1", "activity||A2", "activity||A3"], activities.Select(span => span.Name).Order());
        Assert.Equal(root, created.ParentId);
        Assert.All(activities.Append(ran), span => Assert.Equal(created.SpanId, span.ParentId));
        Assert.All(activities, span => Assert.Equal($"00-{trace}-{span.SpanId}-01", parents[span.Name]));
        Assert.Equal("w", ran.Attributes["durabletask.task.instance_id"]);

        ScriptedWorker Worker(SidecarFixture sidecar, int upTo) => ScriptedWorker.Connect(sidecar["flow"].GrpcEndpoint, script =>
        {
            script.OnTurn = Sequence("A0", "A1", "A2", "A3");
            script.OnActivity = request =>
            {
                parents[$"activity||{request.Name}"] = request.ParentTraceContext.TraceParent;
                return Task.FromResult(request.TaskId < upTo ? Done(request, "1") : null);
            };
        });
    }

    [Fact]
    public async Task A_workflow_started_in_a_trace_that_is_not_sampled_begins_traces_of_its_own()
    {
        var unsampled = $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-00";
        var told = "";
        await using (var sidecar = await StartAsync("1", new AppSettings { AppId = "flow" }))
        {
            await using var worker = ScriptedWorker.Connect(sidecar["flow"].GrpcEndpoint, script =>
            {
                script.OnTurn = Sequence("A0");
                script.OnActivity = request =>
                {
                    told = request.ParentTraceContext.TraceParent;
                    return Task.FromResult<ActivityResponse?>(Done(request, "1"));
                };
            });
            using var hub = new TaskHub(sidecar["flow"].GrpcEndpoint);
            await hub.Call<CreateInstanceResponse>(
                "StartInstance", new CreateInstanceRequest { InstanceId = "w", Name = "Short", ParentTraceContext = new TraceContext { TraceParent = unsampled } });
            await hub.CompletedAsync("w");
        }

        var activity = Assert.Single(_collector.Spans, span => span.Name == "activity||A0");
        Assert.Equal(("", $"00-{activity.TraceId}-{activity.SpanId}-01"), (activity.ParentId, told));
        Assert.Single(_collector.Spans, span => span.Name == "orchestration||Short");
        Assert.DoesNotContain(_collector.Spans, span => span.Name == "create_orchestration||Short");
    }

    private Task<SidecarFixture> StartAsync(string rate, params AppSettings[] apps) => StartAsync(rate, SidecarFixture.InMemory, apps);

    private async Task<SidecarFixture> StartAsync(string rate, string resources, params AppSettings[] apps)
    {
        var file = Path.Combine(_folder.FullName, $"{Guid.CreateVersion7()}.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: traced }
            spec:
              tracing:
                samplingRate: "{{rate}}"
                otel: { endpointAddress: "{{new Uri(_collector.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"]).Authority}}", isSecure: false, protocol: http }
            """);
        return await SidecarFixture.StartAsync(resources, [.. apps.Select(app => app with { ConfigFile = file })]);
    }

    private static async Task<HttpResponseMessage> SendAsync(SidecarPorts app, HttpMethod method, string path, string trace, string root, object? body = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(method, new Uri(app.HttpEndpoint, path)) { Headers = { { "traceparent", $"00-{trace}-{root}-01" } } };
        request.Content = body is null ? null : JsonContent.Create(body);
        var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return response;
    }

    // A sidecar that stopped has sent all it had.
    private List<CollectedSpan> Of(string trace) => [.. _collector.Spans.Where(span => span.TraceId == trace && span.IsSidecars)];
}
