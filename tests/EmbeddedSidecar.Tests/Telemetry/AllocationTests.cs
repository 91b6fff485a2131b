using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Telemetry;
using Eco2.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Telemetry;

/// <summary>What telemetry costs a call when nobody asked for it, and what counting costs when somebody did.</summary>
public sealed class AllocationTests
{
    [Fact]
    public async Task Without_tracing_a_call_allocates_nothing_for_it()
    {
        await using var sidecar = await SidecarFixture.StartAsync(SidecarFixture.InMemory, new AppSettings { AppId = "quiet", AppPort = 1 });
        var (app, http) = (sidecar["quiet"].Embedded.Instance, new DefaultHttpContext());
        http.Request.Headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Assert.Null(app.Tracer);
        Assert.Null(app.Metrics);

        Assert.Equal(0, Allocated(() =>
        {
            var call = ApiSpans.Begin(http, app, "/v1.0/state/state/0198c0de-0000-7000-8000-00000000000a");
            ApiSpans.IsAbout("state", "state");
            ApiSpans.Publishes("news");
            ApiSpans.Invokes("other", "internal/users/0198c0de-0000-7000-8000-00000000000a");
            ApiSpans.CallsActor("counter", "add");
            ApiSpans.End(ApiSpans.Received(app, "internal/users/0198c0de-0000-7000-8000-00000000000a"), 200);
            ApiSpans.End(call, 200);
            ApiSpans.End(ApiSpans.Begin(http, app, "/dapr.proto.runtime.v1.Dapr/GetState", isStream: false), default, "");
        }));
    }

    [Fact]
    public void A_series_that_is_there_is_changed_without_allocating()
    {
        var counter = new Metric("calls", "Calls.", MetricKind.Counter, "", [], "method", "status");
        var latency = new Metric("latency", "Latency.", MetricKind.Histogram, "", [1, 10, 100], "method", "status");

        Assert.Equal(0, Allocated(() =>
        {
            counter.Count(new LabelValues("GET", "200"));
            latency.Observe(7, new LabelValues("GET", "200"));
        }));
    }

    /// <summary>The measure itself sees what is allocated.</summary>
    [Fact]
    public void What_allocates_is_seen() => Assert.True(Allocated(() => GC.KeepAlive(new object())) > 0);

    private static long Allocated(Action work)
    {
        for (var i = 0; i < 100; i++)
        {
            work();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            work();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
