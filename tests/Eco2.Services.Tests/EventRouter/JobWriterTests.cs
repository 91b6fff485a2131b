using Eco2.Contracts.Jobs;
using Eco2.EventRouter.Jobs;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

/// <summary>Two routers over one store, with chunks of a few events. The writers are called as a delivery would call them.</summary>
public sealed class TwoRoutersFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    internal JobWriter One { get; private set; } = null!;

    internal JobWriter Other { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        One = (await StartAsync()).Services.GetRequiredService<JobWriter>();
        Other = (await StartAsync()).Services.GetRequiredService<JobWriter>();

        Task<ServiceHost> StartAsync() => Line.StartAnotherAsync("event-router", global::Eco2.EventRouter.Program.Build, "EventRouter:ChunkBytes=500");
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}

public sealed class JobWriterTests(TwoRoutersFixture fixture) : IClassFixture<TwoRoutersFixture>
{
    private readonly LineFixture line = fixture.Line;

    [Fact]
    public async Task Two_routers_that_write_one_job_at_once_leave_one_log_without_hole_or_repeat()
    {
        var job = await line.AcceptAsync();
        // One has the first 60, the other the last 60, so that 40 reach both, one after another and nearly always at the same moment.
        await Task.WhenAll(SendAsync(fixture.One, Enumerable.Range(1, 60)), SendAsync(fixture.Other, Enumerable.Range(21, 60)));

        var log = await line.ReadLogAsync(job);
        Assert.Equal(Enumerable.Range(1, 81), log.Select(e => e.Seq));
        Assert.Equal(81, log.Select(e => e.EventId).Distinct().Count());
        Assert.True((await line.ReadAsync(job))!.Chunks > 10);

        // What is refused comes again, as the sidecar would bring it.
        async Task SendAsync(JobWriter router, IEnumerable<int> parts)
        {
            foreach (var part in parts)
            {
                await Eventually.TrueAsync(() => router.AppendAsync(job.Batch(null, job.Event($"part{part}", "completed", 50))), "the batch is accepted");
            }
        }
    }

    [Fact]
    public async Task Many_jobs_in_one_delivery_do_not_disturb_each_other()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => line.AcceptAsync()));

        var accepted = await Task.WhenAll(
            jobs.Select(job => fixture.One.AppendAsync(job.WholeScan()[0]))
                .Concat(jobs.Select(job => fixture.Other.AppendAsync(job.WholeScan()[1])))
                .Append(fixture.One.AppendAsync(new JobEventBatch(Guid.CreateVersion7(), Guid.CreateVersion7(), "scan", null, jobs[0].WholeScan()[0].Events))));

        Assert.All(accepted, Assert.True);
        foreach (var job in jobs)
        {
            Assert.Equal(Enumerable.Range(1, 5), (await line.ReadLogAsync(job)).Select(e => e.Seq));
        }
    }

    [Fact]
    public async Task A_finished_log_goes_after_an_hour_with_all_its_chunks_and_a_running_one_does_not()
    {
        var (running, ended) = (await line.AcceptAsync(), await line.AcceptAsync());
        foreach (var batch in ended.WholeScan())
        {
            Assert.True(await fixture.One.AppendAsync(batch));
        }

        foreach (var batch in running.WholeScan().Take(4))
        {
            Assert.True(await fixture.One.AppendAsync(batch));
        }

        var hour = 3600;
        Assert.InRange(await line.TtlAsync(JobDocument.KeyOf(ended.Id)), hour - 60, hour);
        Assert.InRange(await line.TtlAsync(JobDocument.KeyOf(running.Id)), (23 * hour) - 60, 24 * hour);
        for (var number = 1; number <= (await line.ReadAsync(running))!.Chunks; number++)
        {
            // Longer than any document that may yet count it: 48 h of running and twice the hour after the end.
            Assert.InRange(await line.TtlAsync(JobChunk.KeyOf(running.Id, number)), (50 * hour) - 60, 50 * hour);
        }

        var chunks = (await line.ReadAsync(ended))!.Chunks;
        Assert.True(chunks > 1);
        await Eventually.TrueAsync(
            async () =>
            {
                var left = await Task.WhenAll(Enumerable.Range(1, chunks).Select(number => line.TtlAsync(JobChunk.KeyOf(ended.Id, number))));
                return left.All(seconds => seconds <= hour + 60 && seconds >= hour - 60);
            },
            "the chunks get the life of their document");
        Assert.Equal(Enumerable.Range(1, 10), (await line.ReadLogAsync(ended)).Select(e => e.Seq));
    }
}
