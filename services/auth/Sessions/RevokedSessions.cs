using Eco2.Contracts.Auth;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>For a gateway that starts or lost touch: every session whose tokens may still look valid, and every key it may still remember.</summary>
internal sealed class RevokedSessions
{
    private const string Read =
        """
        select id, account_id, revoked_at from sessions where revoked_at > $1
        union all select id, user_id, revoked_at from api_keys where revoked_at > $1
        union all select id, account_id, revoked_at from ended_sessions where revoked_at > $1 order by revoked_at
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/sessions/revoked", Handle);

    private static async Task<Ok<List<SessionRevoked>>> Handle(NpgsqlDataSource db, EndSession end, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var all = await db.BeginForSystemAsync(SystemScope.Revocations, ct);
        await using var command = all.Command(Read, now - (end.ForgetAfter(now) - now));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var revoked = new List<SessionRevoked>();
        while (await reader.ReadAsync(ct))
        {
            var at = reader.GetFieldValue<DateTimeOffset>(2);
            revoked.Add(new SessionRevoked(reader.GetGuid(0), reader.GetGuid(1), at, end.ForgetAfter(at)));
        }

        return TypedResults.Ok(revoked);
    }
}
