using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Jobs ended: the history keeps how. All of a delivery in one statement; a repeat changes nothing, a deleted scan stays deleted.</summary>
internal sealed class OnJobFinished
{
    // What its owner deleted meanwhile has no place in the history.
    private const string DeleteHidden =
        """
        with deleted as (delete from scans where job_id = any($1) and status = 'queued' and hidden returning job_id, user_id)
        insert into forgotten (job_id, user_id, due_at) select job_id, user_id, $2 from deleted
        """;

    private const string Update =
        """
        update scans s set status = f.status, finished_at = f.finished_at, result = f.result::jsonb, error = f.error::jsonb,
          headline = f.headline, middle_code = f.middle_code, final_place = f.final_place, reward_status = f.reward_status
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
          as f (job_id, status, finished_at, result, error, headline, middle_code, final_place, reward_status)
        where s.job_id = f.job_id and s.status = 'queued' and not s.hidden
        """;

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-finished", Handle);

    internal static async Task<Ok<BulkAnswer>> Handle(EventBatch<JobFinished> messages, NpgsqlDataSource db, WireJson json, TimeProvider clock, CancellationToken ct)
    {
        JobFinished[] ended = [.. messages.Entries.Select(e => e.Event.Data).Where(job => job.Kind == ScanRequested.Kind).DistinctBy(job => job.JobId)];
        if (ended.Length > 0)
        {
            var results = Array.ConvertAll(ended, job => job.Result?.Deserialize<ScanResult>(json.Options));
            await using var transaction = await db.BeginForAllUsersAsync(ct);
            var ids = Array.ConvertAll(ended, job => job.JobId);
            await using var update = transaction.Command(
                Update,
                ids,
                Array.ConvertAll(ended, job => job.Status),
                Array.ConvertAll(ended, job => job.FinishedAt.ToUniversalTime()),
                Array.ConvertAll(ended, job => job.Result?.GetRawText()),
                Array.ConvertAll(ended, job => job.Error is null ? null : JsonSerializer.Serialize(job.Error, json.Options)),
                Array.ConvertAll(results, result => result?.Answer?.Headline),
                Array.ConvertAll(results, result => result?.Vision?.Primary.MiddleCode),
                Array.ConvertAll(results, result => result?.Answer?.FinalPlace?.Code),
                Array.ConvertAll(results, result => result?.Reward?.Status));
            if (await update.ExecuteNonQueryAsync(ct) < ended.Length)
            {
                await using var delete = transaction.Command(DeleteHidden, ids, clock.GetUtcNow() + ForgetScans.Wait);
                await delete.ExecuteNonQueryAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }

        return TypedResults.Ok(messages.Answer());
    }
}
