using System.Collections.Concurrent;
using System.Globalization;
using Eco2.Contracts.Jobs;

namespace Eco2.LoadGenerator;

/// <summary>What a run with token events does.</summary>
/// <param name="Jobs">Jobs that stream at once; each has one client.</param>
/// <param name="Rate">Events a second of each job.</param>
/// <param name="Coalesce">A producer that fell behind sends what is due in one batch; else every event is a message of its own.</param>
internal sealed record TokensOptions(IReadOnlyList<Account> Accounts, int Jobs, double Rate, TimeSpan WarmUp, TimeSpan Duration, bool Coalesce, string Out);

/// <summary>Publishes token events as a worker would that words an answer, and takes the time until the job's client has each.</summary>
internal sealed class TokensRun(ScanClient client, Jobs jobs, TokensOptions options, TimeProvider clock)
{
    private readonly Ledger ledger = new();
    private readonly GatheredEvents events = new(jobs, clock);
    private readonly ConcurrentQueue<double> latencies = new();
    private readonly ConcurrentQueue<double> publishes = new();
    private long windowBegan = long.MaxValue;
    private long windowEnded = long.MaxValue;
    private int due;

    public async Task<bool> RunAsync(CancellationToken ct)
    {
        var streams = Enumerable.Range(0, options.Jobs)
            .Select(n => ledger.Accepted(Guid.CreateVersion7(clock.GetUtcNow()), options.Accounts[n % options.Accounts.Count], $"token-{n}").OpenStream())
            .ToList();
        await jobs.CreateAsync([.. streams.Select(stream => stream.Job)], ct);
        using var publishing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var publisher = events.RunAsync(publishing.Token);
        var writing = Task.WhenAll(streams.Select((stream, n) => WriteAsync(stream, TimeSpan.FromSeconds(n / options.Rate / options.Jobs), ct)));

        await Task.Delay(options.WarmUp, clock, ct);
        Console.WriteLine("WINDOW BEGINS");
        Volatile.Write(ref windowBegan, clock.GetTimestamp());
        await Task.Delay(options.Duration, clock, ct);
        Volatile.Write(ref windowEnded, clock.GetTimestamp());
        Console.WriteLine("WINDOW ENDS");
        await writing;
        await publishing.CancelAsync();
        await publisher;
        var report = new TokensReport(
            options.Jobs,
            options.Rate,
            options.Duration.TotalSeconds,
            due,
            publishes.Count,
            Percentiles.Of(latencies),
            Percentiles.Of(publishes),
            Math.Max(0, due - latencies.Count),
            streams.Sum(stream => stream.Wrongs.Count));
        await report.WriteAsync(options.Out, ct);
        return report is { Missed: 0, Wrong: 0 };
    }

    private async Task WriteAsync(StreamRecord stream, TimeSpan delay, CancellationToken ct)
    {
        using var following = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.Delay(delay, clock, ct);
        var began = clock.GetTimestamp();
        var reading = ReadAsync(stream, began, following.Token);
        var sent = await ProduceAsync(stream.Job, began, ct);
        var waiting = clock.GetTimestamp();
        while (stream.LastSeq < sent + 1 && clock.GetElapsedTime(waiting) < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct);
        }

        await following.CancelAsync();
        await reading;
    }

    private async Task<int> ProduceAsync(JobRecord job, long began, CancellationToken ct)
    {
        var sent = 0;
        while (Volatile.Read(ref windowEnded) == long.MaxValue)
        {
            var early = TimeSpan.FromSeconds((sent + 1) / options.Rate) - clock.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, clock, ct);
            }

            var now = clock.GetTimestamp();
            var ready = Math.Max(1, options.Coalesce ? (int)(clock.GetElapsedTime(began, now).TotalSeconds * options.Rate) - sent : 1);
            var pieces = new List<JobEvent>(ready);
            for (var n = sent + 1; n <= sent + ready; n++)
            {
                pieces.Add(new JobEvent(Id(job, n), 0, "token", "streaming", 50, clock.GetUtcNow(), Message: "조각"));
                CountDue(DueAt(began, n));
            }

            await events.PublishAsync(new JobEventBatch(job.JobId, job.Account.UserId, "scan", sent == 0 ? null : Id(job, sent), pieces), ct);
            if (IsInWindow(now))
            {
                publishes.Enqueue(clock.GetElapsedTime(now).TotalMilliseconds);
            }

            sent += ready;
        }

        return sent;
    }

    private async Task ReadAsync(StreamRecord stream, long began, CancellationToken ct)
    {
        try
        {
            await client.FollowAsync(
                stream,
                frame =>
                {
                    // Event 1 says that the job is queued; token n is event n + 1.
                    if (frame.Seq > 1 && DueAt(began, frame.Seq - 1) is var at && IsInWindow(at))
                    {
                        latencies.Enqueue(clock.GetElapsedTime(at).TotalMilliseconds);
                    }
                },
                StreamOptions.Default,
                ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // All has come.
        }
    }

    private void CountDue(long at)
    {
        if (IsInWindow(at))
        {
            Interlocked.Increment(ref due);
        }
    }

    private bool IsInWindow(long at) => at >= Volatile.Read(ref windowBegan) && at < Volatile.Read(ref windowEnded);

    private long DueAt(long began, int number) => began + (long)(number / options.Rate * clock.TimestampFrequency);

    private static string Id(JobRecord job, int number) => string.Create(CultureInfo.InvariantCulture, $"{job.JobId:D}/token/{number}");
}
