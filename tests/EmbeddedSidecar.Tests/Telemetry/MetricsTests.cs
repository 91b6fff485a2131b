using System.Globalization;
using System.Net.Http.Json;
using EmbeddedSidecar.Apps;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Telemetry;

public sealed class MetricsTests
{
    private const string Resiliency = """
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: limits }
        spec:
          policies:
            retries: { twice: { policy: constant, duration: 1ms, maxRetries: 2 } }
            circuitBreakers: { careful: { maxRequests: 1, timeout: 60s, trip: consecutiveFailures > 2 } }
          targets:
            apps: { broken: { retry: twice, circuitBreaker: careful } }

        """;

    [Fact]
    public async Task What_happens_in_the_sidecar_is_counted_by_daprds_names_for_the_app_it_happened_to()
    {
        await using var app = await TestApp.StartAsync(http => http.Request.Path.Value switch
        {
            "/dapr/subscribe" => http.Response.WriteAsJsonAsync(new[] { new { pubsubname = "pubsub", topic = "news", route = "/news" } }),
            "/news" => http.Response.WriteAsync("{\"status\":\"DROP\"}"),
            "/dapr/config" => http.Response.WriteAsync("{}"),
            _ => http.Response.WriteAsync("done"),
        });
        await using var broken = await TestApp.StartAsync(http =>
        {
            http.Response.StatusCode = http.Request.Path.StartsWithSegments("/dapr") ? 404 : 503;
            return Task.CompletedTask;
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.InMemory + Resiliency,
            new AppSettings { AppId = "reader", AppPort = app.Port, MetricsPort = 0 },
            new AppSettings { AppId = "broken", AppPort = broken.Port, MetricsPort = 0 });
        await sidecar.WaitUntilReadyAsync();
        using var http = new HttpClient { BaseAddress = sidecar["reader"].HttpEndpoint };

        (await http.PostAsJsonAsync("/v1.0/state/state", new[] { new { key = "a", value = 1 } })).EnsureSuccessStatusCode();
        (await http.GetAsync("/v1.0/state/state/a")).EnsureSuccessStatusCode();
        (await http.PostAsJsonAsync("/v1.0/publish/pubsub/news", new { text = "hello" })).EnsureSuccessStatusCode();
        using var failed = await http.GetAsync("/v1.0/invoke/broken/method/whatever/0198c0de");

        await Eventually.TrueAsync(async () => await ValueAsync("reader", "dapr_component_pubsub_ingress_count", "process_status=\"drop\"", "status=\"success\"", "topic=\"news\"") == 1, "the message was delivered");
        Assert.Equal(1, await ValueAsync("reader", "dapr_component_state_count", "component=\"state\"", "operation=\"set\"", "success=\"true\"", "app_id=\"reader\"", "namespace=\"default\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_component_state_latencies_count", "operation=\"get\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_component_pubsub_egress_count", "success=\"true\"", "topic=\"news\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_http_server_request_count", "method=\"GET\"", "status=\"200\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_http_server_request_count", "method=\"GET\"", $"status=\"{(int)failed.StatusCode}\""));
        Assert.Equal(5, await ValueAsync("reader", "dapr_runtime_component_loaded"));
        Assert.Equal(2, await ValueAsync("reader", "dapr_runtime_component_init_total", "component=\"pubsub.in-memory\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_runtime_service_invocation_req_sent_total", "dst_app_id=\"broken\""));
        Assert.Equal(3, await ValueAsync("broken", "dapr_runtime_service_invocation_req_recv_total", "src_app_id=\"reader\""));
        Assert.Equal(3, await ValueAsync("broken", "dapr_http_client_completed_count", "method=\"GET\"", "status=\"503\""));
        Assert.Equal(2, await ValueAsync("reader", "dapr_resiliency_activations_total", "policy=\"retry\"", "target=\"app_broken\"", "name=\"limits\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_resiliency_activations_total", "policy=\"circuitbreaker\"", "status=\"open\"", "flow_direction=\"outbound\""));
        Assert.Equal(1, await ValueAsync("reader", "dapr_resiliency_cb_state", "status=\"open\""));
        Assert.Equal(0, await ValueAsync("reader", "dapr_resiliency_cb_state", "status=\"closed\""));
        Assert.DoesNotContain("whatever", await TextAsync("reader"), StringComparison.Ordinal);
        Assert.DoesNotContain("dapr_component_state_count{", await TextAsync("broken"), StringComparison.Ordinal);

        async Task<string> TextAsync(string appId)
        {
            using var scraper = new HttpClient();
            return await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{sidecar[appId].MetricsPort}/metrics"));
        }

        async Task<double> ValueAsync(string appId, string name, params string[] labels) =>
            (await TextAsync(appId)).Split('\n')
                .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && Array.TrueForAll(labels, label => line.Contains(label, StringComparison.Ordinal)))
                .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Without_a_metrics_port_nothing_is_kept_and_the_Configuration_may_say_no()
    {
        const string Off = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: quiet }
            spec:
              metrics: { enabled: false }
            """;
        var folder = Directory.CreateTempSubdirectory("telemetry-tests-");
        var file = Path.Combine(folder.FullName, "config.yaml");
        await File.WriteAllTextAsync(file, Off);
        try
        {
            await using var sidecar = await SidecarFixture.StartAsync(
                SidecarFixture.InMemory,
                new AppSettings { AppId = "plain" },
                new AppSettings { AppId = "quiet", MetricsPort = 0, ConfigFile = file });

            Assert.Null(sidecar["plain"].MetricsPort);
            Assert.Null(sidecar["plain"].Embedded.Instance.Metrics);
            Assert.Null(sidecar["plain"].Embedded.Instance.Tracer);
            Assert.Null(sidecar["quiet"].Embedded.Instance.Metrics);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_label_with_ever_new_values_does_not_fill_the_memory()
    {
        var metrics = new EmbeddedSidecar.Telemetry.DaprMetrics("app", "default", [], TimeProvider.System);
        for (var i = 0; i < 5000; i++)
        {
            metrics.Published("pubsub", $"topic-{i}", true, metrics.Now);
        }

        var lines = metrics.Write().Split('\n').Where(line => line.StartsWith("dapr_component_pubsub_egress_count{", StringComparison.Ordinal)).ToList();
        Assert.InRange(lines.Count, 100, 501);
        Assert.Equal(5000, lines.Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)));
    }
}
