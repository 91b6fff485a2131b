using Eco2.Auth.Accounts;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>A refresh token for new tokens, once. A token that comes again was stolen or its answer was: the session ends.</summary>
internal sealed class RefreshSession
{
    public sealed record Request(string? RefreshToken);

    private sealed record Session(Guid Id, Guid UserId, string Provider, string[] Roles, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, string? Email, bool Proven);

    // Of two that come at once one gets the row.
    private const string Use = "update refresh_tokens set used_at = $2 where hash = $1 and used_at is null returning session_id";

    private const string Find =
        """
        select s.id, s.account_id, s.provider, a.roles, s.expires_at, s.revoked_at, a.email,
          a.email_verified_at is not null and a.totp_on_at is not null and s.second_factor_at is not null
        from refresh_tokens t join sessions s on s.id = t.session_id join accounts a on a.id = s.account_id
        where t.hash = $1
        """;

    private const string Touch = "update sessions set last_used_at = $2, expires_at = $3 where id = $1 and revoked_at is null";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/refresh", Handle);

    private static async Task<Results<Created<SignedIn>, StatusCodeHttpResult, ProblemHttpResult>> Handle(
        HttpContext http,
        NpgsqlDataSource db,
        AccessTokens tokens,
        EndSession end,
        Admins admins,
        IOptions<AuthOptions> options,
        TimeProvider clock,
        CancellationToken ct)
    {
        var request = http.Request.HasJsonContentType() ? await http.Request.ReadFromJsonAsync<Request>(ct) : null;
        var text = request?.RefreshToken ?? http.Request.Cookies[Cookies.Refresh];
        if (RefreshToken.LooksLikeAccessToken(text))
        {
            return Problems.TokenTypeMismatch();
        }

        if (!RefreshToken.TryRead(text, out var old))
        {
            return Problems.InvalidToken();
        }

        var now = clock.GetUtcNow();
        var next = RefreshToken.Make();
        await using var work = await db.BeginForSystemAsync(SystemScope.Session, ct);
        var connection = work.Connection;
        await using var use = new NpgsqlCommand(Use, connection).With(old.Hash, now);
        var fresh = await use.ExecuteScalarAsync(ct) is not null;
        if (await FindAsync(connection, old, ct) is not { } session)
        {
            return Problems.InvalidToken();
        }

        await work.BecomeAsync(session.UserId, ct);
        if (session.RevokedAt is not null)
        {
            return Problems.TokenRevoked();
        }

        if (!fresh)
        {
            await end.ByIdAsync(connection, session.Id, "refresh token used twice", now, ct);
            await work.CommitAsync(ct);
            end.Published();
            return Problems.TokenRevoked();
        }

        if (session.ExpiresAt <= now)
        {
            return Problems.TokenExpired();
        }

        var expiresAt = now + options.Value.RefreshLifetime;
        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SessionIssuer.InsertToken).With(next.Hash, session.Id, now, expiresAt));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Touch).With(session.Id, now, expiresAt));
            await batch.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        var access = await tokens.SignAsync(session.UserId, session.Id, session.Provider, admins.RolesOf(session.Email, session.Roles, session.Proven), now, ct);
        Cookies.Set(http, access, next.Text, options.Value);
        // A browser has its cookies; it gets no token that a script could read.
        return request?.RefreshToken is null
            ? TypedResults.StatusCode(StatusCodes.Status201Created)
            : TypedResults.Created((string?)null, new SignedIn(session.UserId, access, "Bearer", (int)options.Value.AccessLifetime.TotalSeconds, next.Text));
    }

    private static async Task<Session?> FindAsync(NpgsqlConnection connection, RefreshToken token, CancellationToken ct)
    {
        // Locks the session, so that one ending at this moment is seen or waits.
        await using var find = new NpgsqlCommand(Find + " for update of s", connection).With(token.Hash);
        await using var reader = await find.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new Session(
                reader.GetGuid(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetFieldValue<string[]>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5),
                reader.IsDBNull(6) ? null : reader.GetString(6),
                reader.GetBoolean(7))
            : null;
    }
}
