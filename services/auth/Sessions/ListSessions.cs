using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>Where the user is signed in, the last used first.</summary>
internal sealed class ListSessions
{
    public sealed record Session(
        Guid Id, string Provider, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, string? UserAgent, string? Address, bool Current);

    public sealed record Answer(IReadOnlyList<Session> Sessions);

    private const string Select =
        """
        select id, provider, created_at, last_used_at, user_agent, address from sessions
        where account_id = $1 and revoked_at is null and expires_at > $2
        order by last_used_at desc, id desc limit 200
        """;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/sessions", Handle).WithName("ListSessions").WithSummary("Where the caller is signed in; at most the 200 last used.");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        CurrentUser user, HttpContext http, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        var sessions = new List<Session>();
        await using var row = await db.QueryForUserAsync(user.Id, Select, [user.Id, clock.GetUtcNow()], ct);
        while (await row.ReadAsync(ct))
        {
            sessions.Add(new Session(
                row.GetGuid(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3),
                row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5), row.GetGuid(0) == user.SessionId));
        }

        return TypedResults.Ok(new Answer(sessions));
    }
}
