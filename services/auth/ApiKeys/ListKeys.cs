using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.ApiKeys;

/// <summary>The user's keys, newest first; without what opens anything.</summary>
internal sealed class ListKeys
{
    public sealed record Key(
        Guid Id, string Name, string Prefix, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

    public sealed record Answer(IReadOnlyList<Key> Keys);

    // Those that ended stay in sight for a while, but never push out one that works.
    private const string Select =
        """
        select id, name, scopes, created_at, expires_at, last_used_at from api_keys where user_id = $1 and revoked_at is null
        order by (expires_at is null or expires_at > $2) desc, created_at desc, id desc limit 100
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/keys", Handle).WithName("ListApiKeys").WithSummary("The caller's API keys.");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        CurrentUser user, HttpContext http, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        var keys = new List<Key>();
        await using var row = await db.QueryForUserAsync(user.Id, Select, [user.Id, clock.GetUtcNow()], ct);
        while (await row.ReadAsync(ct))
        {
            keys.Add(new Key(
                row.GetGuid(0), row.GetString(1), ApiKey.PrefixOf(row.GetGuid(0)), row.GetFieldValue<string[]>(2), row.GetFieldValue<DateTimeOffset>(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5)));
        }

        return TypedResults.Ok(new Answer(keys));
    }
}
