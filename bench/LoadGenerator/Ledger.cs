using System.Collections.Concurrent;

namespace Eco2.LoadGenerator;

/// <summary>Remembers every promise that the system made and, at the end, checks by program that it kept them.</summary>
public sealed class Ledger
{
    private readonly ConcurrentDictionary<Guid, JobRecord> jobs = new();
    private readonly ConcurrentDictionary<string, Guid> keys = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Violation> violations = new();

    /// <summary>Everything that was answered with 202.</summary>
    public IReadOnlyCollection<JobRecord> Jobs => (IReadOnlyCollection<JobRecord>)jobs.Values;

    public int Count => jobs.Count;

    /// <summary>What was seen to be wrong before any check.</summary>
    public IReadOnlyCollection<Violation> Broken => violations;

    /// <summary>Enters a 202. The same key must give the same job, however often it is sent.</summary>
    public JobRecord Accepted(Guid jobId, Account account, string idempotencyKey)
    {
        var first = keys.GetOrAdd(idempotencyKey, jobId);
        if (first != jobId)
        {
            violations.Enqueue(new Violation(jobId, "accepted once", $"the Idempotency-Key of job {first:D} made a second job"));
        }

        return jobs.GetOrAdd(jobId, static (id, owner) => new JobRecord(id, owner), account);
    }

    /// <summary>Waits until every job has ended, for at most <paramref name="patience"/>, then holds streams, <c>GET /api/v1/jobs/{id}</c> and
    /// collections against the rules.</summary>
    public async Task<LedgerReport> CheckAsync(ScanClient client, TimeSpan patience, TimeProvider clock, CancellationToken ct)
    {
        var check = new LedgerCheck(client, patience, clock);
        await check.RunAsync([.. jobs.Values], ct);
        return check.Report([.. violations]);
    }
}

/// <summary>A broken promise.</summary>
/// <param name="JobId">The job; empty when it is about an account.</param>
/// <param name="Rule">accepted once, one terminal event, sequence, same everywhere or one reward.</param>
/// <param name="What">What was seen.</param>
public sealed record Violation(Guid JobId, string Rule, string What);

/// <summary>What the check found.</summary>
/// <param name="Accepted">Jobs answered with 202.</param>
/// <param name="Lost">Of these, those that reached no end.</param>
/// <param name="Granted">Characters given away by these jobs.</param>
/// <param name="Reconnects">Connections that streams needed beyond their first.</param>
public sealed record LedgerReport(
    int Accepted,
    int Done,
    int Failed,
    int Cancelled,
    int Lost,
    int Granted,
    int Reconnects,
    IReadOnlyDictionary<string, int> FailureCodes,
    IReadOnlyList<Violation> Violations)
{
    public bool IsClean => Lost == 0 && Violations.Count == 0;
}
