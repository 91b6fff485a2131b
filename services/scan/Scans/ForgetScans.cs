using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>The second half of forgetting a scan: the history of its workflow. The row with the id stays until the worker has removed it, so what fails is done the next time.</summary>
internal sealed partial class ForgetScans(NpgsqlDataSource db, Histories histories, TimeProvider clock, ILogger<ForgetScans> logger)
{
    // Longer than a workflow takes: a late reward is tried for half a day.
    internal static readonly TimeSpan Wait = TimeSpan.FromDays(1);

    private const string Due = "select job_id from forgotten where due_at <= $1 order by due_at limit $2 for update skip locked";

    private const string Done = "delete from forgotten where job_id = any($1)";

    /// <summary>Removes what is due, in bounded batches.</summary>
    internal async Task RunAsync(TimeSpan longest, CancellationToken ct)
    {
        var (began, gone, round) = (clock.GetTimestamp(), 0, ForgetHistories.Most);
        try
        {
            while (round == ForgetHistories.Most && clock.GetElapsedTime(began) < longest)
            {
                round = await SomeAsync(ct);
                gone += round;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            Left(logger, e.Message);
        }

        Gone(logger, gone);
    }

    private async Task<int> SomeAsync(CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var ids = new List<Guid>();
        await using (var due = work.Command(Due, clock.GetUtcNow(), ForgetHistories.Most))
        await using (var row = await due.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                ids.Add(row.GetGuid(0));
            }
        }

        if (ids.Count > 0)
        {
            await histories.ForgetAsync([.. ids.Select(id => id.ToString("D"))], ct);
            await using var done = work.Command(Done, (object)ids.ToArray());
            await done.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return ids.Count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} histories of scans were removed")]
    private static partial void Gone(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Histories of scans wait for the next round: {Why}")]
    private static partial void Left(ILogger logger, string why);
}
