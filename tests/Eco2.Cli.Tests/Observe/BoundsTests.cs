using System.Globalization;
using Eco2.Cli.Observe;
using Xunit;

namespace Eco2.Cli.Tests.Observe;

public sealed class BoundsTests
{
    private static readonly Dictionary<string, string> NoTags = [];

    [Fact]
    public void Of_traces_the_oldest_makes_room_and_what_nobody_asked_for_goes_first()
    {
        var ring = new TraceRing(mostTraces: 3);
        ring.Add(Span("asked-1", 1, kind: 2));
        ring.Add(Span("by-itself", 2, kind: 3));
        ring.Add(Span("asked-2", 3, kind: 2));
        ring.Add(Span("asked-3", 4, kind: 2));
        Assert.Equal(["asked-3", "asked-2", "asked-1"], ring.Latest(10).Select(line => line.Id));

        ring.Add(Span("asked-4", 5, kind: 5));

        Assert.Equal(["asked-4", "asked-3", "asked-2"], ring.Latest(10).Select(line => line.Id));
        Assert.Null(ring.Find("asked-1"));
    }

    [Fact]
    public void One_trace_without_end_neither_grows_without_end_nor_pushes_out_the_others()
    {
        var ring = new TraceRing(mostSpans: 1_500);
        ring.Add(Span("short", 1, kind: 2));
        for (var i = 0; i < 5_000; i++)
        {
            ring.Add(Span("endless", i, kind: 2));
        }

        Assert.Equal(1_000, ring.Find("endless")!.Count);
        Assert.NotNull(ring.Find("short"));
    }

    [Fact]
    public void Of_jobs_the_oldest_makes_room()
    {
        var board = new JobBoard(most: 2);
        foreach (var id in (string[])["one", "two", "three"])
        {
            board.Take(Span(id, 1, kind: 2) with { Tags = new Dictionary<string, string> { ["eco2.job.id"] = id } });
        }

        Assert.Equal(["three", "two"], board.Lines(10).Running.Select(job => job.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Metrics_of_all_replicas_are_one_and_probes_do_not_count()
    {
        const string Said = """
            # HELP eco2_jobs_accepted_total Submissions
            eco2_jobs_accepted_total{kind="scan",model="local"} 3
            eco2_jobs_stage_duration_seconds_bucket{stage="vision",le="1"} 2
            eco2_outbox_unsent 1
            http_server_request_duration_seconds_count{http_response_status_code="200",http_route="/api/v1/scan/"} 5
            http_server_request_duration_seconds_count{http_response_status_code="503",http_route="/api/v1/scan/"} 2
            http_server_request_duration_seconds_count{http_response_status_code="503",http_route="/readyz"} 9
            http_server_request_duration_seconds_count{http_response_status_code="200"} 9
            """;

        var one = AppMetrics.Parse(Said);
        var all = AppMetrics.Sum([one, one]);

        Assert.Equal((7, 2), (one.Requests, one.Errors));
        Assert.Equal([new Figure("eco2_jobs_accepted_total", "kind=\"scan\",model=\"local\"", 6), new Figure("eco2_outbox_unsent", "", 2)], all);
    }

    private static Span Span(string trace, int number, int kind) =>
        new(trace, number.ToString(CultureInfo.InvariantCulture), "", "app", "name", kind, number, number + 1, false, NoTags, []);
}
