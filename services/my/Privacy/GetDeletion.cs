using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>The receipt of a deletion, to whoever knows it: what was removed and when, and nothing about whom.</summary>
internal sealed class GetDeletion
{
    public sealed record Answer(string Status, int Progress, IReadOnlyList<RequestStep> Steps, DateTimeOffset RequestedAt, DateTimeOffset? FinishedAt);

    private const string Select = "select id, status, requested_at, finished_at from deletions where receipt_hash = $1";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/users/deletions/{receipt}", Handle).WithName(nameof(GetDeletion)).WithSummary("The receipt of a deletion; needs no sign-in.");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(string receipt, HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        if (receipt.Length != 43 || !System.Buffers.Text.Base64Url.IsValid(receipt))
        {
            return Problems.DeletionNotFound();
        }

        // Nobody's row any more: found by a secret of 32 random bytes, whoever asks.
        await using var work = await db.BeginForAllUsersAsync(ct);
        var (id, status, requested, finished) = (Guid.Empty, "", default(DateTimeOffset), (DateTimeOffset?)null);
        await using (var select = work.Command(Select, DeleteUser.Hash(receipt)))
        await using (var row = await select.ExecuteReaderAsync(ct))
        {
            if (!await row.ReadAsync(ct))
            {
                return Problems.DeletionNotFound();
            }

            (id, status, requested) = (row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2));
            finished = row.IsDBNull(3) ? null : row.GetFieldValue<DateTimeOffset>(3);
        }

        http.Response.Headers.CacheControl = "no-store";
        var steps = await RequestRows.ReadAsync(work, id, ct);
        return TypedResults.Ok(new Answer(status, RequestRows.Progress(steps), steps, requested, finished));
    }
}
