using System.Collections.Concurrent;
using Eco2.LoadGenerator;

namespace Eco2.Faults;

/// <summary>People who scan without a pause: each submits, follows to the end, and submits again. Some cut their connection in the middle and
/// come back, some watch on two devices, some cancel. Whatever happens to the system, they go on.</summary>
internal sealed class Traffic(ScanClient client, IReadOnlyList<Account> accounts, TimeProvider clock) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, Life> lives = new();
    private readonly ConcurrentQueue<string> wrongs = new();
    private readonly ConcurrentBag<(TimeSpan From, TimeSpan To)> excuses = [];
    private readonly long start = clock.GetTimestamp();
    private readonly CancellationTokenSource giveUp = new();
    private volatile StreamOptions streams = new(CutChance: 0.03);
    private volatile bool stopping;
    private Task crowd = Task.CompletedTask;
    private int scans;

    /// <summary>One accepted job.</summary>
    /// <param name="AcceptedAt">Timestamp of the 202.</param>
    public sealed record Life(JobRecord Job, long AcceptedAt)
    {
        /// <summary>Timestamp at which its stream had seen the end; 0 before.</summary>
        public long EndedAt { get; set; }

        public string? End { get; set; }
    }

    public Ledger Ledger { get; } = new();

    /// <summary>How often, after an event, a client's connection is cut.</summary>
    public double CutChance
    {
        get => streams.CutChance;
        set => streams = streams with { CutChance = value };
    }

    public int InFlight => lives.Values.Count(life => life.EndedAt == 0);

    /// <summary>What no client may ever see.</summary>
    public IReadOnlyList<string> Wrongs =>
        [.. wrongs, .. lives.Values.SelectMany(life => life.Job.Streams.SelectMany(stream => stream.Wrongs.Select(wrong => $"job {life.Job.JobId:D}: {wrong}")))];

    /// <summary>Since this began.</summary>
    public TimeSpan Now => Since(clock.GetTimestamp());

    /// <summary>Jobs that ended as failed.</summary>
    public IReadOnlyList<Life> Failed() => [.. lives.Values.Where(life => life.End == "failed")];

    /// <summary>A job that lived at any moment between these may fail.</summary>
    public void Excuse(TimeSpan from, TimeSpan to) => excuses.Add((from, to));

    /// <summary>True when it lived while jobs might fail.</summary>
    public bool IsExcused(Life life) => excuses.Any(excuse => Since(life.AcceptedAt) < excuse.To && Since(life.EndedAt) > excuse.From);

    /// <summary>Jobs that should have ended long ago.</summary>
    public IReadOnlyList<Guid> Overdue(TimeSpan longest) =>
        [.. lives.Values.Where(life => life.EndedAt == 0 && clock.GetElapsedTime(life.AcceptedAt) > longest).Select(life => life.Job.JobId)];

    /// <summary>So many people at once.</summary>
    public void Start(int people) => crowd = Task.WhenAll(Enumerable.Range(0, people).Select(person => LoopAsync(accounts[person % accounts.Count])));

    /// <summary>Nobody begins another scan; returns when those under way have ended.</summary>
    public async Task DrainAsync(TimeSpan within)
    {
        stopping = true;
        try
        {
            await crowd.WaitAsync(within, clock);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Not ended within {within.TotalSeconds:0} s: {string.Join(", ", lives.Values.Where(life => life.EndedAt == 0).Select(life => life.Job.JobId))}");
        }
    }

    /// <summary>One scan by one person.</summary>
    public async Task<Life> ScanAsync(Account account, string? model, CancellationToken ct)
    {
        var number = Interlocked.Increment(ref scans);
        var picture = account.Pictures[number % account.Pictures.Count];
        var job = await client.SubmitAsync(account, picture, $"eco2-load-{number}", Ledger, null, ct, model);
        var life = lives.GetOrAdd(job.JobId, _ => new Life(job, clock.GetTimestamp()));
        var watching = new List<Task> { FollowAsync(life, ct) };
        if (number % 10 == 0)
        {
            watching.Add(client.FollowAsync(job.OpenStream(), null, streams, ct));
        }

        if (number % 40 == 0)
        {
            watching.Add(client.CancelAsync(account, job.JobId, ct));
        }

        await Task.WhenAll(watching);
        return life;
    }

    public async ValueTask DisposeAsync()
    {
        stopping = true;
        await giveUp.CancelAsync();
        await crowd;
        giveUp.Dispose();
    }

    private TimeSpan Since(long timestamp) => clock.GetElapsedTime(start, timestamp);

    private async Task FollowAsync(Life life, CancellationToken ct)
    {
        var stream = life.Job.OpenStream();
        await client.FollowAsync(stream, null, streams, ct);
        (life.End, life.EndedAt) = (stream.Terminal, clock.GetTimestamp());
    }

    private async Task LoopAsync(Account account)
    {
        while (!stopping)
        {
            try
            {
                await ScanAsync(account, null, giveUp.Token);
            }
            catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException)
            {
                wrongs.Enqueue(e.Message);
            }
        }
    }
}
