using System.Diagnostics;
using System.Net.Http.Json;
using Eco2.Contracts;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
public sealed class TraceTests(EcoSystem system)
{
    [Fact]
    public async Task A_scan_is_one_trace_through_all_apps_topics_and_steps_and_each_span_is_told_once()
    {
        using var user = await User.SignUpAsync(system);
        var image = await user.UploadAsync();
        var (trace, root) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/scan")
        {
            Content = JsonContent.Create(new { image_key = image.Key }),
            Headers = { { "traceparent", $"00-{trace}-{root}-01" } },
        };
        using var answer = await user.Http.SendAsync(request);
        var job = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted))!;
        var events = await user.EventsAsync(job.StreamUrl);

        string[] expected =
        [
            "gateway: POST", "scan: POST /api/v1/scan/", "image: GET /internal/images/", "worker: process scan.requested", "worker: activity||SeePhoto", "worker: activity||WriteAnswer", "worker: activity||GiveReward",
            "character: ", "event-router: process job.events", "sse-gateway: process job.fanout",
        ];
        await Eventually.TrueAsync(
            () => Names().ToList() is var names && expected.All(one => names.Any(name => name.StartsWith(one, StringComparison.Ordinal))),
            "every app told its part",
            TimeSpan.FromSeconds(20));

        var spans = system.Traces.Spans.Where(span => span.TraceId == trace).ToList();
        Assert.Equal(spans.Count, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.Contains(spans, span => span.ParentId == root && span.Service == "gateway");
        Assert.All(events.Where(e => e.Stage != "queued"), e => Assert.Equal(trace, e.TraceId));
        // However often the workflow's body was replayed.
        Assert.Equal(
            ["activity||GiveReward", "activity||SeePhoto", "activity||WriteAnswer"],
            spans.Where(span => span.Name.StartsWith("activity||", StringComparison.Ordinal)).Select(span => span.Name).Order());

        IEnumerable<string> Names() => system.Traces.Spans.Where(span => span.TraceId == trace).Select(span => $"{span.Service}: {span.Name}");
    }
}
