using System.Diagnostics;
using System.Net.Http.Json;
using Eco2.Contracts;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
public sealed class TraceTests(EcoSystem system)
{
    private readonly string trace = ActivityTraceId.CreateRandom().ToHexString();
    private readonly string root = ActivitySpanId.CreateRandom().ToHexString();

    [Fact]
    public async Task A_scan_is_one_trace_through_all_apps_sidecars_topics_and_steps_and_each_span_is_told_once()
    {
        using var user = await User.SignUpAsync(system);
        var job = await SubmitAsync(user, model: null);
        var events = await user.EventsAsync(job.StreamUrl);

        await ToldAsync(
            "gateway: POST", "scan: POST /api/v1/scan/", "image: GET /internal/images/", "worker: process scan.requested", "worker: activity||SeePhoto", "worker: activity||WriteAnswer", "worker: activity||GiveReward",
            "character: ", "event-router: process job.events", "sse-gateway: process job.fanout", "worker: POST");
        if (!EcoRun.OnDaprd)
        {
            await ToldAsync(
                "gateway's sidecar: CallLocal/scan/api/v1/scan", "scan's sidecar: CallLocal/scan/api/v1/scan", "scan's sidecar: CallLocal/image/internal/images/", "image's sidecar: CallLocal/image/internal/images/",
                "worker's sidecar: pubsub/scan.requested", "worker's sidecar: create_orchestration||ScanWorkflow", "worker's sidecar: orchestration||ScanWorkflow", "worker's sidecar: activity||SeePhoto",
                "worker's sidecar: activity||WriteAnswer", "worker's sidecar: activity||GiveReward", "event-router's sidecar: pubsub/job.events", "sse-gateway's sidecar: pubsub/job.fanout");
        }

        var spans = Spans();
        Assert.Equal(spans.Count, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.Contains(spans, span => span.ParentId == root && span.Service == "gateway");
        if (!EcoRun.OnDaprd)
        {
            // What has ended last is told last.
            await Eventually.TrueAsync(() => Spans() is var all && all.TrueForAll(span => span.ParentId == root || all.Exists(other => other.SpanId == span.ParentId)), "every span's parent is told");
        }

        Assert.All(events.Where(e => e.Stage != "queued"), e => Assert.Equal(trace, e.TraceId));
        // However often the workflow's body was replayed, once by the app and once by its sidecar.
        Assert.All(
            spans.Where(span => span.Name.Contains("||", StringComparison.Ordinal)).CountBy(Told),
            told => Assert.Equal(1, told.Value));
        Assert.Equal(
            ["activity||GiveReward", "activity||SeePhoto", "activity||WriteAnswer"],
            spans.Where(span => !span.IsSidecars && span.Name.StartsWith("activity||", StringComparison.Ordinal)).Select(span => span.Name).Order());
    }

    [EmbeddedFact]
    public async Task The_photo_is_seen_in_the_same_trace_by_media()
    {
        using var user = await User.SignUpAsync(system);
        var job = await SubmitAsync(user, "local");
        await user.EventsAsync(job.StreamUrl);

        await ToldAsync("worker's sidecar: CallLocal/media/v1/classify", "media's sidecar: CallLocal/media/v1/classify", "media: POST /v1/classify", "media: objects get", "media: classify");

        var classified = Spans().Single(span => span.Name == "POST /v1/classify");
        Assert.Equal(Spans().Single(span => Told(span) == "media's sidecar: CallLocal/media/v1/classify").SpanId, classified.ParentId);
        Assert.All(Spans().Where(span => Told(span) is "media: objects get" or "media: classify"), step => Assert.Equal(classified.SpanId, step.ParentId));
    }

    [EmbeddedFact]
    public async Task A_sidecar_that_starts_anew_in_the_middle_tells_no_step_of_the_workflow_twice()
    {
        using var user = await User.SignUpAsync(system);
        ScanAccepted job;
        using (system.Models.Hold(ModelServer.Answer))
        {
            job = await SubmitAsync(user, model: null);
            await user.EventsAsync(job.StreamUrl, enough: e => e.Stage == "answer");
            await ToldAsync("worker's sidecar: create_orchestration||ScanWorkflow", "worker's sidecar: activity||SeePhoto", "worker: activity||SeePhoto");
            await system.KillAsync("sidecar");
        }

        await Eventually.TrueAsync(() => IsDoneAsync(user, job), "the scan is done", TimeSpan.FromSeconds(60));
        await ToldAsync("worker's sidecar: orchestration||ScanWorkflow", "worker's sidecar: activity||WriteAnswer", "worker's sidecar: activity||GiveReward");

        Assert.Equal(
            ["activity||GiveReward", "activity||SeePhoto", "activity||WriteAnswer", "create_orchestration||ScanWorkflow", "orchestration||ScanWorkflow"],
            Spans().Where(span => span.IsSidecars && span.Name.Contains("||", StringComparison.Ordinal)).Select(span => span.Name).Order());
        Assert.Single(Spans(), span => Told(span) == "worker: activity||SeePhoto");
    }

    // Until the sidecar is back the gateway has nobody to ask.
    private static async Task<bool> IsDoneAsync(User user, ScanAccepted job)
    {
        try
        {
            return (await user.ResultAsync(job)).Status == "completed";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<ScanAccepted> SubmitAsync(User user, string? model)
    {
        var image = await user.UploadAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/scan")
        {
            Content = JsonContent.Create(new { image_key = image.Key, model }),
            Headers = { { "traceparent", $"00-{trace}-{root}-01" } },
        };
        using var answer = await user.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted))!;
    }

    private async Task ToldAsync(params string[] expected)
    {
        var missing = expected.ToList();
        try
        {
            await Eventually.TrueAsync(
                () =>
                {
                    var told = Spans().ConvertAll(Told);
                    missing = [.. expected.Where(one => !told.Exists(name => name.StartsWith(one, StringComparison.Ordinal)))];
                    return missing.Count == 0;
                },
                "every app told its part",
                TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Not told: {string.Join(", ", missing)}. Told: {string.Join(", ", Spans().Select(Told).Distinct().Order())}");
        }
    }

    private List<CollectedSpan> Spans() => [.. system.Traces.Spans.Where(span => span.TraceId == trace)];

    private static string Told(CollectedSpan span) => $"{span.Service}{(span.IsSidecars ? "'s sidecar" : "")}: {span.Name}";
}
