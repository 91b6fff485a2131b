using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Removes a scan from the own history. A running one goes on unseen and is removed at its end: until then it counts as in flight.</summary>
internal sealed class DeleteScan
{
    private const string Delete =
        """
        with hidden as (
          update scans set hidden = true where user_id = $1 and job_id = $2 and status = 'queued' and not hidden returning 1),
        deleted as (
          delete from scans where user_id = $1 and job_id = $2 and status <> 'queued' returning job_id, user_id),
        noted as (insert into forgotten (job_id, user_id, due_at) select job_id, user_id, $3 from deleted)
        select count(*) from (select from hidden union all select from deleted) gone
        """;

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/{id}", Handle).WithName(nameof(DeleteScan));

    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(string id, CurrentUser user, NpgsqlDataSource db, DaprClient dapr, TimeProvider clock, CancellationToken ct)
    {
        if (!Guid.TryParseExact(id, "D", out var jobId))
        {
            return Problems.ResultNotFound();
        }

        await using var transaction = await db.BeginForUserAsync(user.Id, ct);
        await using var delete = transaction.Command(Delete, user.Id, jobId, clock.GetUtcNow() + ForgetScans.Wait);
        var gone = await delete.ExecuteScalarAsync(ct) is 1L;
        if (gone)
        {
            // Before the commit: what fails now can be asked for again. Also those of a running one, whose answer nobody will see.
            await dapr.DeleteStateAsync(JobDocument.Store, ScanWords.KeyOf(jobId), cancellationToken: ct);
        }

        await transaction.CommitAsync(ct);
        return gone ? TypedResults.NoContent() : Problems.ResultNotFound();
    }
}
