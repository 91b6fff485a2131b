using Eco2.Contracts.Jobs;

namespace Eco2.LoadGenerator;

/// <summary>What a run with many idle streams does.</summary>
/// <param name="Accounts">Owners of the jobs.</param>
/// <param name="Streams">One stream on each of so many jobs.</param>
/// <param name="Idle">How long nothing happens.</param>
/// <param name="Spread">The first event of all jobs is published evenly over this time; later ones at once.</param>
internal sealed record StreamsOptions(IReadOnlyList<Account> Accounts, int Streams, TimeSpan Idle, TimeSpan Spread, string Out);

/// <summary>Opens many streams, leaves them idle, then lets something happen to every job and takes the time until each stream knows.</summary>
internal sealed class StreamsRun(ScanClient client, Jobs jobs, StreamsOptions options, TimeProvider clock)
{
    private const int PerCall = 100;
    private const int Openers = 200;

    private readonly Ledger ledger = new();
    private readonly Watched[] streams = new Watched[options.Streams];

    /// <summary>A stream and when its newest event was published and came.</summary>
    private sealed class Watched(StreamRecord record)
    {
        public StreamRecord Record => record;

        public long PublishedAt;
        public long ArrivedAt;
    }

    public async Task<bool> RunAsync(CancellationToken ct)
    {
        await PrepareAsync(ct);
        using var following = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var began = clock.GetTimestamp();
        var running = await OpenAsync(following.Token, ct);
        Say($"{options.Streams} streams open after {clock.GetElapsedTime(began).TotalSeconds:0.0} s");

        Console.WriteLine("WINDOW BEGINS");
        await Task.Delay(options.Idle, clock, ct);
        Console.WriteLine("WINDOW ENDS");

        var spread = await MeasureAsync("spread", 2, PublishSpreadAsync, ct);
        var burst = await MeasureAsync("burst", 3, PublishBurstAsync, ct);
        var told = await MeasureAsync("told", 4, TellAsync, ct);
        await following.CancelAsync();
        await Task.WhenAll(running);
        var wrong = streams.Sum(stream => stream.Record.Wrongs.Count);
        var reconnects = streams.Sum(stream => stream.Record.Reconnects);
        await new StreamsReport(options.Streams, options.Idle.TotalSeconds, spread, burst, told, reconnects, wrong).WriteAsync(options.Out, ct);
        return wrong == 0 && spread.Missed + burst.Missed + told.Missed == 0;
    }

    private async Task PrepareAsync(CancellationToken ct)
    {
        for (var n = 0; n < streams.Length; n++)
        {
            var job = ledger.Accepted(Guid.CreateVersion7(clock.GetUtcNow()), options.Accounts[n % options.Accounts.Count], $"stream-{n}");
            streams[n] = new Watched(job.OpenStream());
        }

        await jobs.CreateAsync([.. streams.Select(stream => stream.Record.Job)], ct);
    }

    /// <summary>Returns once every stream has its first event.</summary>
    private async Task<List<Task>> OpenAsync(CancellationToken following, CancellationToken ct)
    {
        var places = new SemaphoreSlim(Openers);
        var running = new List<Task>();
        var (opened, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        foreach (var stream in streams)
        {
            await places.WaitAsync(ct);
            running.Add(FollowAsync(stream, Opened, following));
        }

        await all.Task.WaitAsync(TimeSpan.FromMinutes(3), clock, ct);
        return running;

        void Opened()
        {
            places.Release();
            if (Interlocked.Increment(ref opened) == streams.Length)
            {
                all.SetResult();
            }
        }
    }

    private async Task FollowAsync(Watched stream, Action opened, CancellationToken ct)
    {
        try
        {
            await client.FollowAsync(
                stream.Record,
                frame =>
                {
                    if (frame.Seq == 1)
                    {
                        opened();
                    }
                    else if (frame.Seq > 1)
                    {
                        Volatile.Write(ref stream.ArrivedAt, clock.GetTimestamp());
                    }
                },
                new StreamOptions(BufferBytes: 1024),
                ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Seen enough.
        }
    }

    private async Task<Delivery> MeasureAsync(string what, int seq, Func<int, CancellationToken, Task> publish, CancellationToken ct)
    {
        foreach (var stream in streams)
        {
            (stream.PublishedAt, stream.ArrivedAt) = (0, 0);
        }

        var began = clock.GetTimestamp();
        await publish(seq, ct);
        var published = clock.GetElapsedTime(began);
        while (clock.GetElapsedTime(began) < published + TimeSpan.FromSeconds(30) && streams.Any(stream => Volatile.Read(ref stream.ArrivedAt) == 0))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, ct);
        }

        var arrived = streams.Where(stream => stream.ArrivedAt != 0).ToList();
        var delivery = new Delivery(
            Percentiles.Of(arrived.Select(stream => clock.GetElapsedTime(stream.PublishedAt, stream.ArrivedAt).TotalMilliseconds)),
            Math.Round(published.TotalMilliseconds),
            arrived.Count == 0 ? 0 : Math.Round(clock.GetElapsedTime(began, arrived.Max(stream => stream.ArrivedAt)).TotalMilliseconds),
            streams.Length - arrived.Count);
        Say($"{what}: {delivery}");
        return delivery;
    }

    private async Task PublishSpreadAsync(int seq, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var sending = new List<Task>();
        var parts = streams.Chunk(PerCall).ToList();
        for (var n = 0; n < parts.Count; n++)
        {
            var early = (options.Spread * n / parts.Count) - clock.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, clock, ct);
            }

            sending.Add(PublishAsync(parts[n], seq, ct));
        }

        await Task.WhenAll(sending);
    }

    private Task PublishBurstAsync(int seq, CancellationToken ct) =>
        Parallel.ForEachAsync(streams.Chunk(PerCall), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (part, stop) => await PublishAsync(part, seq, stop));

    private async Task PublishAsync(Watched[] part, int seq, CancellationToken ct)
    {
        Stamp(part);
        await jobs.PublishAsync(part.Select(stream => stream.Record.Job).Select(job => new JobEventBatch(job.JobId, job.Account.UserId, "scan", null, [Event(job, seq, 0)])), ct);
    }

    private Task TellAsync(int seq, CancellationToken ct) => Parallel.ForEachAsync(
        streams.Chunk(PerCall),
        new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct },
        async (part, stop) =>
        {
            Stamp(part);
            await jobs.TellAsync(part.Select(stream => stream.Record.Job).Select(job => new JobFanout(job.JobId, job.Account.UserId, [Event(job, seq, seq)])), stop);
        });

    private void Stamp(Watched[] part)
    {
        var now = clock.GetTimestamp();
        foreach (var stream in part)
        {
            stream.PublishedAt = now;
        }
    }

    private JobEvent Event(JobRecord job, int number, int seq)
    {
        var (stage, status) = number switch { 2 => ("vision", "started"), 3 => ("vision", "completed"), _ => ("rule", "completed") };
        return new JobEvent(JobEvent.IdOf(job.JobId, stage, status), seq, stage, status, number * 10, clock.GetUtcNow());
    }

    private static void Say(string line) => Console.WriteLine(line);
}
