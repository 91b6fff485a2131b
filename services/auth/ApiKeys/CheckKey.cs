using System.Security.Cryptography;
using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.ApiKeys;

/// <summary>For the edge: whose key this is and what it may do. Unknown, wrong, expired and revoked are one answer.</summary>
internal sealed class CheckKey
{
    private static readonly TimeSpan BetweenNotes = TimeSpan.FromMinutes(1);

    private sealed record Row(byte[] Hash, Guid UserId, string[] Scopes, string[] Roles, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

    private const string Find =
        """
        select k.hash, k.user_id, k.scopes, a.roles, k.expires_at, k.last_used_at
        from api_keys k join accounts a on a.id = k.user_id
        where k.id = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2) and a.deleted_at is null
        """;

    // Of several replicas that see it at once one writes.
    private const string Note = "update api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at <= $2 - $3::interval)";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/internal/keys/check", Handle).ExcludeFromDescription();

    private static async Task<Results<Ok<ApiKeyOwner>, ProblemHttpResult>> Handle(
        CheckApiKey request, HttpContext http, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        if (!ApiKey.TryRead(request.Key, out var key))
        {
            return Problems.NotFound();
        }

        var now = clock.GetUtcNow();
        await using var all = await db.BeginForSystemAsync(SystemScope.ApiKey, ct);
        if (await FindAsync(all, key.Id, now, ct) is not { } row || !CryptographicOperations.FixedTimeEquals(row.Hash, key.Hash))
        {
            return Problems.NotFound();
        }

        if (row.LastUsedAt is null || row.LastUsedAt <= now - BetweenNotes)
        {
            await using var batch = all.Connection.CreateBatch();
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Note).With(key.Id, now, BetweenNotes));
            batch.BatchCommands.Add(Audit.KeyUsed(row.UserId, key.Id, Caller.Of(http), now));
            await batch.ExecuteNonQueryAsync(ct);
            await all.CommitAsync(ct);
        }

        // Whoever may do everything shows a second factor; a key cannot.
        string[] roles = [.. row.Roles.Where(role => role is not ("admin" or "owner"))];
        return TypedResults.Ok(new ApiKeyOwner(key.Id, row.UserId, roles, row.Scopes, row.ExpiresAt));
    }

    private static async Task<Row?> FindAsync(UserRows.UserTransaction all, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        await using var find = all.Command(Find, id, now);
        await using var row = await find.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? new Row(
                row.GetFieldValue<byte[]>(0), row.GetGuid(1), row.GetFieldValue<string[]>(2), row.GetFieldValue<string[]>(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5))
            : null;
    }
}
