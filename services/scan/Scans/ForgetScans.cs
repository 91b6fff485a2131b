using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>The second half of forgetting a scan: the history of its workflow. The row with the id stays until the worker has removed it, so what fails is done the next time.</summary>
internal sealed partial class ForgetScans(NpgsqlDataSource db, Histories histories, TimeProvider clock, ILogger<ForgetScans> logger)
{
    // Longer than a workflow takes: a late reward is tried for half a day.
    internal static readonly TimeSpan Wait = TimeSpan.FromDays(1);

    private const string Due = "select job_id from forgotten where due_at <= $1 and not job_id = any($3) order by due_at limit $2 for update skip locked";

    private const string Done = "delete from forgotten where job_id = any($1)";

    /// <summary>Removes what is due, in bounded batches.</summary>
    internal async Task RunAsync(TimeSpan longest, CancellationToken ct)
    {
        var (began, read) = (clock.GetTimestamp(), 0);
        var left = new List<Guid>();
        try
        {
            var round = ForgetHistories.Most;
            while (round == ForgetHistories.Most && clock.GetElapsedTime(began) < longest)
            {
                round = await SomeAsync(left, ct);
                read += round;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            Left(logger, e.Message);
        }

        Gone(logger, read - left.Count, left.Count);
    }

    /// <returns>How many were due, those that are left now among them.</returns>
    private async Task<int> SomeAsync(List<Guid> left, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var ids = new List<Guid>();
        await using (var due = work.Command(Due, clock.GetUtcNow(), ForgetHistories.Most, left.ToArray()))
        await using (var row = await due.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                ids.Add(row.GetGuid(0));
            }
        }

        if (ids.Count > 0)
        {
            // Those that could not be removed stay for the next day, and hold nobody up.
            var kept = (await histories.ForgetAsync([.. ids.Select(id => id.ToString("D"))], ct)).Select(Guid.Parse).ToList();
            left.AddRange(kept);
            await using var done = work.Command(Done, (object)ids.Except(kept).ToArray());
            await done.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return ids.Count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} histories of scans were removed, {Left} could not be")]
    private static partial void Gone(ILogger logger, int count, int left);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Histories of scans wait for the next round: {Why}")]
    private static partial void Left(ILogger logger, string why);
}
