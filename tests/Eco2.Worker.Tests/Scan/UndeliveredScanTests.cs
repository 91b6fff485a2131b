using System.Text.RegularExpressions;
using Xunit;

namespace Eco2.Worker.Tests.Scan;

/// <summary>A worker whose sidecar cannot run workflows, and whose messages lose patience after one more try.</summary>
public sealed class LameFixture : WorkerFixture
{
    protected override string[] Components => ["jobs", "pubsub", "dead-letters", "resiliency", "subscriptions"];

    protected override string Read(string component) =>
        component == "resiliency" ? Regex.Replace(base.Read(component), @"(deliver: .*maxRetries: )\d+", "${1}1") : base.Read(component);
}

public sealed class UndeliveredScanTests(LameFixture worker) : IClassFixture<LameFixture>
{
    [Fact]
    public async Task A_scan_that_never_starts_is_told_as_failed_once_its_message_is_given_up()
    {
        var scan = await worker.RequestAsync("캔");

        var events = await worker.EventsAsync(scan);

        var end = Assert.Single(events.DistinctBy(e => e.EventId));
        Assert.Equal(("failed", "failed", "INTERNAL", true), (end.Stage, end.Status, end.Error!.Code, end.Error.Retryable));
    }
}
