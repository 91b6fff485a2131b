using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.EventRouter.Jobs;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

public sealed class JobLogTests
{
    private static readonly Job Job = new(Guid.Parse("0198c0de-0000-7000-8000-000000000001"), Guid.Parse("0198c0de-0000-7000-8000-000000000002"));

    private const int Roomy = 100_000;

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
                job = JobLog.Append(job, call, _ => false, Roomy).Document;
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
        var cancelled = JobLog.Append(Queued(), [Job.Batch(null, Job.Event("cancelled", "failed", 0))], _ => false, Roomy).Document;

        var outcome = JobLog.Append(cancelled, Job.WholeScan(), _ => true, Roomy);

        Assert.Equal(["queued/started", "cancelled/failed"], outcome.Document.Events.Select(Name));
        Assert.False(outcome.Changed);
        Assert.Empty(outcome.Added);
        Assert.Equal("cancelled", outcome.Document.Status);
    }

    [Fact]
    public void A_repeated_batch_adds_nothing_and_is_told_with_the_numbers_it_had()
    {
        var first = JobLog.Append(Queued(), [Job.WholeScan()[0]], _ => false, Roomy);

        var again = JobLog.Append(first.Document, [Job.WholeScan()[0]], _ => false, Roomy);

        Assert.Empty(again.Added);
        Assert.Equal(2, Assert.Single(again.Repeated).Seq);
        Assert.Same(first.Document, again.Document);
    }

    [Fact]
    public void A_batch_whose_predecessor_never_comes_is_taken_when_it_is_too_old()
    {
        var waits = JobLog.Append(Queued(), [Job.WholeScan()[1]], _ => false, Roomy);
        var gaveUp = JobLog.Append(Queued(), [Job.WholeScan()[1]], _ => true, Roomy);

        Assert.Equal("queued/started", Name(Assert.Single(waits.Document.Events)));
        Assert.Single(waits.Document.Early!);
        Assert.Equal(["queued/started", "vision/completed", "rule/started", "rule/completed"], gaveUp.Document.Events.Select(Name));
        Assert.Single(gaveUp.OutOfTurn);
    }

    [Fact]
    public void Progress_never_falls()
    {
        var job = JobLog.Append(Queued(), [Job.WholeScan()[0], Job.WholeScan()[1]], _ => false, Roomy).Document;

        var failed = JobLog.Append(job, [Job.Batch(null, Job.Event("failed", "failed", 0))], _ => false, Roomy).Document;

        Assert.Equal(50, failed.Progress);
        Assert.Equal(50, failed.Events[^1].Progress);
    }

    [Fact]
    public void However_the_log_is_cut_into_chunks_it_is_the_same_log()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 500; round++)
        {
            var coming = Job.WholeScan().SelectMany(batch => Enumerable.Repeat(batch, random.Next(1, 4))).ToArray();
            random.Shuffle(coming);
            var (job, log) = (Queued(), new List<JobEvent>());
            foreach (var batch in coming)
            {
                var outcome = JobLog.Append(job, [batch], _ => false, random.Next(1, 1000));
                log.AddRange(outcome.Sealed?.Events ?? []);
                Assert.Equal(job.Chunks + (outcome.Sealed is null ? 0 : 1), outcome.Document.Chunks);
                Assert.NotEmpty(outcome.Document.Events);
                job = outcome.Document;
            }

            log.AddRange(job.Events);
            Assert.Equal(WholeLog, log.Select(Name));
            Assert.Equal(Enumerable.Range(1, WholeLog.Length), log.Select(e => e.Seq));
        }
    }

    [Fact]
    public void Whoever_adds_to_the_same_document_makes_the_same_chunk()
    {
        var full = JobLog.Append(Queued(), [Job.WholeScan()[0]], _ => false, 1).Document;

        var one = JobLog.Append(full, [Job.WholeScan()[1]], _ => false, 1);
        var other = JobLog.Append(full, [Job.Batch(null, Job.Event("cancelled", "failed", 0))], _ => false, Roomy);

        Assert.Equal(one.Sealed!.Events, other.Sealed!.Events);
        Assert.Equal(one.Document.Chunks, other.Document.Chunks);
    }

    [Fact]
    public void A_thousand_tokens_do_not_make_the_document_larger()
    {
        var (job, log, largest) = (JobLog.Append(Queued(), Job.WholeScan().Take(3).ToList(), _ => false, 2048).Document, 0, 0);
        for (var number = 1; number <= 1200; number++)
        {
            // Every tenth comes twice.
            var outcome = JobLog.Append(job, number % 10 == 0 ? [Job.Token(number), Job.Token(number)] : [Job.Token(number)], _ => false, 2048);
            (job, log) = (outcome.Document, log + (outcome.Sealed?.Events.Count ?? 0));
            largest = Math.Max(largest, JsonSerializer.SerializeToUtf8Bytes(job, ContractsJson.Default.JobDocument).Length);
        }

        Assert.Equal(1206, log + job.Events.Count);
        Assert.Equal(1206, job.LastSeq());
        Assert.Equal(1200, job.Tokens);
        Assert.InRange(largest, 1000, 5000);
        Assert.False(JobLog.Append(job, [Job.Token(3), Job.WholeScan()[0]], _ => false, 2048).Changed);
    }

    [Fact]
    public void A_token_waits_for_the_one_before_it_and_what_finds_no_room_to_wait_comes_again()
    {
        var early = JobLog.Append(Queued(), [.. Enumerable.Range(2, 40).Select(n => Job.Token(n))], _ => false, Roomy);

        var ready = JobLog.Append(early.Document, [Job.Token(1), .. early.Refused], _ => false, Roomy);

        Assert.Empty(early.Added);
        Assert.Equal(8, early.Refused.Count);
        Assert.Equal(Enumerable.Range(1, 41).Select(n => JobEvent.TokenIdOf(Job.Id, n)), ready.Added.Select(e => e.EventId));
        Assert.Null(ready.Document.Early);
    }

    private static string Name(JobEvent entry) => $"{entry.Stage}/{entry.Status}";

    private static JobDocument Queued()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1_900_000_000);
        return new JobDocument(Job.Id, Job.UserId, "scan", "queued", "queued", 0, at, at, null, [Job.Event("queued", "started", 0) with { Seq = 1 }]);
    }
}
