using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Eco2.ServiceDefaults;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Eco2.Services.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public void Instruments_are_written_as_prometheus_reads_them()
    {
        using var metrics = new PrometheusMetrics();
        using var meter = new Meter("eco2.tests");
        var jobs = meter.CreateCounter<long>("eco2.tests.jobs", "{job}", "Jobs");
        var took = meter.CreateHistogram("eco2.tests.took", "s", "How long", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5] });
        var open = meter.CreateUpDownCounter<int>("eco2.tests.open");
        meter.CreateObservableGauge("eco2.tests.size", () => 2.5, "By");

        jobs.Add(1, new KeyValuePair<string, object?>("status", "done"));
        jobs.Add(2, new KeyValuePair<string, object?>("status", "done"));
        jobs.Add(1, new KeyValuePair<string, object?>("status", "with \"quotes\"\nand a \\"));
        took.Record(1);
        took.Record(4);
        took.Record(60);
        open.Add(3);
        open.Add(-1);
        var lines = metrics.Write().Split('\n').Select(line => line.Trim()).ToHashSet();

        string[] expected =
        [
            "# TYPE eco2_tests_jobs_total counter", "# HELP eco2_tests_jobs_total Jobs",
            "eco2_tests_jobs_total{status=\"done\"} 3", "eco2_tests_jobs_total{status=\"with \\\"quotes\\\"\\nand a \\\\\"} 1",
            "# TYPE eco2_tests_took_seconds histogram",
            "eco2_tests_took_seconds_bucket{le=\"1\"} 1", "eco2_tests_took_seconds_bucket{le=\"5\"} 2", "eco2_tests_took_seconds_bucket{le=\"+Inf\"} 3",
            "eco2_tests_took_seconds_sum 65", "eco2_tests_took_seconds_count 3",
            "# TYPE eco2_tests_open gauge", "eco2_tests_open 2", "eco2_tests_size_bytes 2.5",
        ];
        Assert.Superset(expected.ToHashSet(), lines);
    }

    [Fact]
    public void A_label_with_many_values_fills_no_memory()
    {
        using var metrics = new PrometheusMetrics();
        using var meter = new Meter("eco2.tests.many");
        var counter = meter.CreateCounter<long>("eco2.tests.many");

        for (var i = 0; i < 5000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        }

        var lines = metrics.Write().Split('\n').Where(line => line.StartsWith("eco2_tests_many_total{", StringComparison.Ordinal)).ToList();
        Assert.InRange(lines.Count, 100, 501);
        Assert.Contains(lines, line => line.Contains("overflow=\"true\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_have_a_port_of_their_own_where_nothing_else_is_answered()
    {
        var port = Eco2.Testing.ChildServer.FreePort();
        await using var host = await ServiceHost.StartAsync(
            (args, adjust) =>
            {
                var builder = WebApplication.CreateSlimBuilder(args);
                builder.AddEco2("small");
                adjust?.Invoke(builder);
                var app = builder.Build();
                app.UseEco2();
                app.MapGet("/work", () => "done");
                return app;
            },
            options: [$"ECO2_METRICS_URL=http://127.0.0.1:{port}"]);
        using var scraper = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var work = await host.Client.GetAsync(new Uri("/work", UriKind.Relative));

        var text = await scraper.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        using var elsewhere = await scraper.GetAsync(new Uri("/work", UriKind.Relative));
        using var outside = await host.Client.GetAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, work.StatusCode);
        Assert.Contains("http_server_request_duration_seconds_count{", text, StringComparison.Ordinal);
        Assert.Contains("http_route=\"/work\"", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, outside.StatusCode);
    }

    [Fact]
    public void A_log_line_names_trace_and_job_and_hides_the_user()
    {
        var userId = Guid.CreateVersion7();
        var formatter = new JsonLogFormatter(TimeProvider.System);
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        KeyValuePair<string, object?>[] state =
        [
            new("JobId", 7), new("UserId", userId), new("DurationMs", 12.5), new("Missing", null), new("{OriginalFormat}", "Job {JobId} of {UserId}"),
        ];
        var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
            LogLevel.Warning, "Eco2.Test", default, state, new InvalidOperationException("broken"), (_, _) => $"Job 7 of {userId}");
        using var text = new StringWriter();

        formatter.Write(entry, null, text);

        var line = JsonElement.Parse(text.ToString());
        Assert.Equal("warning", line.GetProperty("level").GetString());
        Assert.Equal("Eco2.Test", line.GetProperty("logger").GetString());
        Assert.Equal(activity.TraceId.ToHexString(), line.GetProperty("trace_id").GetString());
        Assert.Equal(activity.SpanId.ToHexString(), line.GetProperty("span_id").GetString());
        Assert.Equal(7, line.GetProperty("job_id").GetInt32());
        Assert.Equal(12.5, line.GetProperty("duration_ms").GetDouble());
        Assert.Equal(16, line.GetProperty("user").GetString()!.Length);
        Assert.Equal($"Job 7 of {line.GetProperty("user").GetString()}", line.GetProperty("message").GetString());
        Assert.Contains("broken", line.GetProperty("exception").GetString(), StringComparison.Ordinal);
        Assert.False(line.TryGetProperty("missing", out _));
        Assert.DoesNotContain(userId.ToString(), text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text.ToString().TrimEnd());
    }
}
