using System.Collections.Concurrent;
using System.Text.Json;
using Eco2.Contracts.Jobs;

namespace Eco2.LoadGenerator;

/// <summary>One run of the check over all jobs and accounts of a ledger.</summary>
internal sealed class LedgerCheck(ScanClient client, TimeSpan patience, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentQueue<Violation> violations = new();
    private readonly ConcurrentDictionary<string, int> statuses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(Guid User, string Character), Guid> grants = new();
    private int lost;
    private int granted;
    private int reconnects;

    public async Task RunAsync(IReadOnlyList<JobRecord> jobs, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = ct };
        await Parallel.ForEachAsync(jobs, parallel, async (job, stop) => await CheckAsync(job, began, stop));
        await Parallel.ForEachAsync(jobs.Select(job => job.Account).Distinct(), parallel, async (account, stop) => await CheckAsync(account, stop));
    }

    public LedgerReport Report(IReadOnlyList<Violation> before) => new(
        statuses.Values.Sum() + lost,
        statuses.GetValueOrDefault("succeeded"),
        statuses.GetValueOrDefault("failed"),
        statuses.GetValueOrDefault("cancelled"),
        lost,
        granted,
        reconnects,
        codes,
        [.. before, .. violations]);

    private async Task CheckAsync(JobRecord job, long began, CancellationToken ct)
    {
        var view = await EndAsync(job, began, ct);
        if (view?.Status is not ("succeeded" or "failed" or "cancelled"))
        {
            Interlocked.Increment(ref lost);
            Broken(job.JobId, "one terminal event", $"it was accepted, and its status is {view?.Status ?? "unknown"} after {patience.TotalSeconds:0} s");
            return;
        }

        statuses.AddOrUpdate(view.Status, 1, static (_, n) => n + 1);
        if (view.Error is { } error)
        {
            codes.AddOrUpdate(error.Code, 1, static (_, n) => n + 1);
        }

        if (job.Streams.Count == 0)
        {
            await ReplayAsync(job, ct);
        }

        foreach (var stream in job.Streams)
        {
            Check(stream, view);
        }

        CheckReward(job, view);
    }

    private async Task<JobView?> EndAsync(JobRecord job, long began, CancellationToken ct)
    {
        while (true)
        {
            JobView? view = null;
            try
            {
                view = await client.GetJobAsync(job.Account, job.JobId, ct);
            }
            catch (TimeoutException)
            {
                // As good as unknown, if it stays so.
            }

            if (view is { FinishedAt: not null } || clock.GetElapsedTime(began) > patience)
            {
                return view;
            }

            await Task.Delay(Pause, clock, ct);
        }
    }

    /// <summary>Nobody followed it: the log must tell the whole story afterwards.</summary>
    private async Task ReplayAsync(JobRecord job, CancellationToken ct)
    {
        try
        {
            await client.FollowAsync(job.OpenStream(), null, StreamOptions.Default, ct);
        }
        catch (TimeoutException)
        {
            // The stream has no terminal event, which is said below.
        }
    }

    private void Check(StreamRecord stream, JobView view)
    {
        var id = stream.Job.JobId;
        Interlocked.Add(ref reconnects, stream.Reconnects);
        foreach (var wrong in stream.Wrongs)
        {
            Broken(id, "sequence", wrong);
        }

        var expected = view.Status == "succeeded" ? "done" : view.Status;
        if (stream.Terminal is null)
        {
            Broken(id, "one terminal event", $"a stream saw none; it got {stream.LastSeq} events and the job's status is {view.Status}");
        }
        else if (stream.Terminal != expected || stream.LastSeq != view.LastSeq)
        {
            Broken(id, "same everywhere", $"a stream ended with {stream.LastSeq} {stream.Terminal}, the job says {view.LastSeq} {view.Status}");
        }
    }

    private void CheckReward(JobRecord job, JobView view)
    {
        if (view.Result is { ValueKind: JsonValueKind.Object } result
            && result.TryGetProperty("reward", out var reward) && reward.ValueKind == JsonValueKind.Object
            && reward.GetProperty("status").GetString() == "granted")
        {
            Interlocked.Increment(ref granted);
            var character = reward.GetProperty("character").GetProperty("code").GetString()!;
            if (!grants.TryAdd((job.Account.UserId, character), job.JobId))
            {
                Broken(job.JobId, "one reward", $"{character} was granted to {job.Account.UserId:D} a second time, first by job {grants[(job.Account.UserId, character)]:D}");
            }
        }
    }

    private async Task CheckAsync(Account account, CancellationToken ct)
    {
        var owned = await client.CharactersAsync(account, ct);
        foreach (var twice in owned.GroupBy(character => character.Code).Where(group => group.Count() > 1))
        {
            Broken(Guid.Empty, "one reward", $"{account.UserId:D} owns {twice.Key} {twice.Count()} times");
        }
    }

    private void Broken(Guid job, string rule, string what) => violations.Enqueue(new Violation(job, rule, what));
}
