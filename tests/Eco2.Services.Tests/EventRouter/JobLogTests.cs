using Eco2.Contracts.Jobs;
using Eco2.EventRouter.Jobs;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

public sealed class JobLogTests
{
    private static readonly Job Job = new(Guid.Parse("0198c0de-0000-7000-8000-000000000001"), Guid.Parse("0198c0de-0000-7000-8000-000000000002"));

    private static readonly string[] WholeLog =
    [
        "queued/started", "vision/started", "vision/completed", "rule/started", "rule/completed", "answer/started", "answer/completed",
        "reward/started", "reward/completed", "done/completed",
    ];

    [Fact]
    public void Whatever_order_and_however_often_batches_come_the_log_is_the_same()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 500; round++)
        {
            // Each batch one to three times, shuffled, and delivered in calls of random size.
            var coming = Job.WholeScan().SelectMany(batch => Enumerable.Repeat(batch, random.Next(1, 4))).ToArray();
            random.Shuffle(coming);
            var (job, queue) = (Queued(), new Queue<JobEventBatch>(coming));
            while (queue.Count > 0)
            {
                JobEventBatch[] call = [.. Enumerable.Range(0, Math.Min(queue.Count, random.Next(1, 5))).Select(_ => queue.Dequeue())];
                job = JobLog.Append(job, call, _ => false).Document;
            }

            Assert.Equal(WholeLog, job.Events.Select(Name));
            Assert.Equal(Enumerable.Range(1, WholeLog.Length), job.Events.Select(e => e.Seq));
            Assert.Equal(job.Events.Select(e => e.Progress).Order(), job.Events.Select(e => e.Progress));
            Assert.Equal(("succeeded", 100, "done"), (job.Status, job.Progress, job.Stage));
            Assert.Null(job.Early);
        }
    }

    [Fact]
    public void Nothing_follows_the_first_terminal_event()
    {
        var cancelled = JobLog.Append(Queued(), [Job.Batch(null, Job.Event("cancelled", "failed", 0))], _ => false).Document;

        var outcome = JobLog.Append(cancelled, Job.WholeScan(), _ => true);

        Assert.Equal(["queued/started", "cancelled/failed"], outcome.Document.Events.Select(Name));
        Assert.False(outcome.Changed);
        Assert.Empty(outcome.Added);
        Assert.Equal("cancelled", outcome.Document.Status);
    }

    [Fact]
    public void A_repeated_batch_adds_nothing_and_is_told_with_the_numbers_it_had()
    {
        var first = JobLog.Append(Queued(), [Job.WholeScan()[0]], _ => false);

        var again = JobLog.Append(first.Document, [Job.WholeScan()[0]], _ => false);

        Assert.Empty(again.Added);
        Assert.Equal(2, Assert.Single(again.Repeated).Seq);
        Assert.Same(first.Document, again.Document);
    }

    [Fact]
    public void A_batch_whose_predecessor_never_comes_is_taken_when_it_is_too_old()
    {
        var waits = JobLog.Append(Queued(), [Job.WholeScan()[1]], _ => false);
        var gaveUp = JobLog.Append(Queued(), [Job.WholeScan()[1]], _ => true);

        Assert.Equal("queued/started", Name(Assert.Single(waits.Document.Events)));
        Assert.Single(waits.Document.Early!);
        Assert.Equal(["queued/started", "vision/completed", "rule/started", "rule/completed"], gaveUp.Document.Events.Select(Name));
        Assert.Single(gaveUp.OutOfTurn);
    }

    [Fact]
    public void Progress_never_falls()
    {
        var job = JobLog.Append(Queued(), [Job.WholeScan()[0], Job.WholeScan()[1]], _ => false).Document;

        var failed = JobLog.Append(job, [Job.Batch(null, Job.Event("failed", "failed", 0))], _ => false).Document;

        Assert.Equal(50, failed.Progress);
        Assert.Equal(50, failed.Events[^1].Progress);
    }

    private static string Name(JobEvent entry) => $"{entry.Stage}/{entry.Status}";

    private static JobDocument Queued()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);
        return new JobDocument(Job.Id, Job.UserId, "scan", "queued", "queued", 0, at, at, null, [Job.Event("queued", "started", 0) with { Seq = 1 }]);
    }
}
