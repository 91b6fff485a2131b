using System.Text.RegularExpressions;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Worker.Tests.Scan;

/// <summary>No worker at first: something in its place refuses all it is brought. Messages lose patience after one more try.</summary>
public sealed class LateFixture : WorkerFixture
{
    private int undelivered;

    /// <summary>How often the letter of a request that nobody took was refused as well.</summary>
    public int Undelivered => undelivered;

    protected override string Read(string component)
    {
        var text = Regex.Replace(base.Read(component), @"deliver: \{[^}]*\}", "deliver: { policy: constant, duration: 20ms, maxRetries: 1 }");
        return Regex.Replace(text, @"(keep: .*duration: )\d+s", "${1}100ms");
    }

    protected override Task BeginWorkerAsync() => StandInAsync("worker", app => app.MapPost("/events/{topic}", (string topic) =>
    {
        if (topic == "scan-requested-dead")
        {
            Interlocked.Increment(ref undelivered);
        }

        return Results.StatusCode(503);
    }));
}

public sealed class LateWorkerTests(LateFixture worker) : IClassFixture<LateFixture>
{
    [Fact]
    public async Task A_scan_whose_worker_was_away_for_all_tries_ends_once_when_it_is_back_whatever_is_replayed_then()
    {
        var scan = await worker.RequestAsync("캔");
        // More refusals than an ordinary message gets.
        await Eventually.TrueAsync(() => worker.Undelivered >= 5, "the letter is refused again and again");

        await worker.StartWorkerAsync();
        var events = await worker.EventsAsync(scan);
        await EndAsync(scan);
        await worker.Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan);
        await worker.Scan.PublishEventAsync(Messaging.PubSub, UndeliveredScan.Topic, scan);
        var fence = await worker.RequestAsync("병");
        await worker.EventsAsync(fence);

        var end = Assert.Single(events.DistinctBy(e => e.EventId));
        Assert.Equal(("failed", "INTERNAL", true), (end.Stage, end.Error!.Code, end.Error.Retryable));
        Assert.Single(worker.Told.Where(b => b.JobId == scan.JobId).SelectMany(b => b.Events).DistinctBy(e => e.EventId));
    }

    /// <summary>Writes the end into the job's log as the router does.</summary>
    private async Task EndAsync(ScanRequested scan)
    {
        var job = await worker.Scan.GetStateAsync<JobDocument>(JobDocument.Store, JobDocument.KeyOf(scan.JobId));
        await worker.Scan.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(scan.JobId), job with { Status = "failed" });
    }
}
