using System.Text.Json;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>The worker tells how a request goes. 404 means that nobody wants it any more: its user is being deleted. All can be told twice.</summary>
internal sealed class NoteProgress
{
    private const string Step =
        """
        update privacy_steps s set status = case when s.status = 'succeeded' then s.status else $3 end, removed = coalesce($4::jsonb, s.removed)
        where s.request_id = $1 and s.name = $2
          and (exists (select 1 from exports e where e.id = $1) or exists (select 1 from deletions d where d.id = $1))
        """;

    private const string EndExport =
        "update exports set status = $2, parts = $3, bytes = $4, finished_at = $5 where id = $1 and status = 'running'";

    // The last that was known of the user goes with the end; the receipt's owner keeps the receipt.
    private const string EndDeletion =
        """
        with ended as (
          update deletions set status = $2, finished_at = $3, user_id = case when $2 = 'succeeded' then null else user_id end,
            receipt = case when $2 = 'succeeded' then null else receipt end
          where id = $1 and status <> 'succeeded' returning 1)
        select count(*) from ended
        """;

    private const string Exists = "select exists (select 1 from exports where id = $1) or exists (select 1 from deletions where id = $1)";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/internal/privacy/{id:guid}/steps/{step}", NoteAsync);
        routes.MapPut("/internal/privacy/{id:guid}/end", EndAsync);
    }

    private static async Task<Results<NoContent, NotFound>> NoteAsync(Guid id, string step, PrivacyProgress progress, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        await using var update = work.Command(Step, id, step, progress.Status, progress.Removed is null ? null : JsonSerializer.Serialize(progress.Removed));
        var known = await update.ExecuteNonQueryAsync(ct) > 0;
        await work.CommitAsync(ct);
        return known ? TypedResults.NoContent() : TypedResults.NotFound();
    }

    private static async Task<Results<NoContent, NotFound>> EndAsync(Guid id, PrivacyEnd end, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        await using var work = await db.BeginForAllUsersAsync(ct);
        var now = clock.GetUtcNow();
        await using (var export = work.Command(EndExport, id, end.Status, end.Parts, end.Bytes, now))
        {
            await export.ExecuteNonQueryAsync(ct);
        }

        await using (var deletion = work.Command(EndDeletion, id, end.Status, now))
        {
            await deletion.ExecuteNonQueryAsync(ct);
        }

        await using var exists = work.Command(Exists, id);
        var known = await exists.ExecuteScalarAsync(ct) is true;
        await work.CommitAsync(ct);
        return known ? TypedResults.NoContent() : TypedResults.NotFound();
    }
}
