using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Providers;

/// <summary>Takes a provider from the account, unless nobody could sign in any more. Sessions that began by it end, but for the caller's.</summary>
internal sealed class UnlinkProvider
{
    // Of two that take the last two ways at once one waits here. What is left is a statement of its own: it sees what the other one took.
    private const string LockAccount = "select 1 from accounts where id = $1 for update";

    private const string Ways =
        """
        select password_hash is not null or exists (select 1 from social_accounts s where s.account_id = a.id and s.provider <> $2)
        from accounts a where id = $1
        """;

    private const string Delete = "delete from social_accounts where account_id = $1 and provider = $2";
    private const string Exists = "select 1 from social_accounts where account_id = $1 and provider = $2";
    private const string Begun = "select id from sessions where account_id = $1 and provider = $2 and revoked_at is null and id is distinct from $3";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/{provider}/link", Handle).WithName("UnlinkProvider")
        .WithSummary("Takes a provider from the account of the caller.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        string provider, CurrentUser user, HttpContext http, NpgsqlDataSource db, EndSession end, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        var now = clock.GetUtcNow();
        await using var work = await db.BeginForUserAsync(user.Id, ct);
        var connection = work.Connection;
        await using var exists = new NpgsqlCommand(Exists, connection).With(user.Id, provider);
        if (provider.Length > 30 || await exists.ExecuteScalarAsync(ct) is null)
        {
            return TypedResults.NoContent();
        }

        await using var locked = new NpgsqlCommand(LockAccount, connection).With(user.Id);
        await locked.ExecuteScalarAsync(ct);
        await using var ways = new NpgsqlCommand(Ways, connection).With(user.Id, provider);
        if (await ways.ExecuteScalarAsync(ct) is not true)
        {
            return Problems.LastSignInWay();
        }

        await using var delete = new NpgsqlCommand(Delete, connection).With(user.Id, provider);
        if (await delete.ExecuteNonQueryAsync(ct) > 0)
        {
            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(Audit.ProviderUnlinked(user.Id, provider, Caller.Of(http), now));
            await batch.ExecuteNonQueryAsync(ct);
        }

        foreach (var session in await BegunAsync(connection, user, provider, ct))
        {
            await end.ByIdAsync(connection, session, "its provider was unlinked", now, ct);
        }

        await work.CommitAsync(ct);
        end.Published();
        return TypedResults.NoContent();
    }

    private static async Task<List<Guid>> BegunAsync(NpgsqlConnection connection, CurrentUser user, string provider, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand(Begun, connection);
        find.With(user.Id, provider);
        find.Parameters.Add(new NpgsqlParameter { Value = (object?)user.SessionId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        await using var row = await find.ExecuteReaderAsync(ct);
        var begun = new List<Guid>();
        while (await row.ReadAsync(ct))
        {
            begun.Add(row.GetGuid(0));
        }

        return begun;
    }
}
