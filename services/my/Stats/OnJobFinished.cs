using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.My.Stats;

/// <summary>Counts finished scans: each job once, a batch of messages in one statement.</summary>
internal sealed class OnJobFinished
{
    private const string Upsert =
        """
        insert into scans (job_id, user_id, status, middle_code, middle_category, eligible, finished_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[])
        on conflict (job_id) do nothing
        """;

    private sealed record Row(JobFinished Job, string? MiddleCode, string? MiddleCategory, bool Eligible);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-finished", Handle);

    private static async Task<BulkAnswer> Handle(EventBatch<JobFinished> batch, NpgsqlDataSource db, CancellationToken ct)
    {
        var rows = batch.Entries
            .Select(e => e.Event.Data)
            .Where(job => job.Kind == ScanRequested.Kind && job.Status is not null && job.UserId != Guid.Empty)
            .DistinctBy(job => job.JobId)
            .Select(Read)
            .ToList();
        if (rows.Count > 0)
        {
            await using var work = await db.BeginForAllUsersAsync(ct);
            await using var upsert = work.Command(
                Upsert,
                rows.Select(r => r.Job.JobId).ToArray(),
                rows.Select(r => r.Job.UserId).ToArray(),
                rows.Select(r => r.Job.Status).ToArray(),
                rows.Select(r => r.MiddleCode).ToArray(),
                rows.Select(r => r.MiddleCategory).ToArray(),
                rows.Select(r => r.Eligible).ToArray(),
                rows.Select(r => r.Job.FinishedAt.ToUniversalTime()).ToArray());
            await upsert.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return batch.Answer();
    }

    /// <summary>A result of another shape still counts as a scan.</summary>
    private static Row Read(JobFinished job)
    {
        try
        {
            var result = job.Result?.Deserialize(ContractsJson.Default.ScanResult);
            var item = result?.Vision?.Primary;
            return new Row(job, item?.MiddleCode, item?.MiddleCategory, result?.Reward?.Status is "granted" or "already_owned");
        }
        catch (JsonException)
        {
            return new Row(job, null, null, false);
        }
    }
}
