using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>Ends one of the user's own sessions, such as that of a phone that was lost.</summary>
internal sealed class EndOwnSession
{
    private const string IsOwn = "select 1 from sessions where id = $1 and account_id = $2";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/sessions/{id:guid}", Handle).WithName("EndSession").WithSummary("Ends one of the caller's sessions.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Guid id, CurrentUser user, HttpContext http, NpgsqlDataSource db, EndSession end, IOptions<AuthOptions> options, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        await using var mine = await db.BeginForUserAsync(user.Id, ct);
        await using var own = mine.Command(IsOwn, id, user.Id);
        if (await own.ExecuteScalarAsync(ct) is null)
        {
            return Problems.NotFound();
        }

        // Once more for a session that has ended is no mistake.
        await end.ByIdAsync(mine.Connection, id, "ended by its user", clock.GetUtcNow(), ct);
        await mine.CommitAsync(ct);
        end.Published();
        if (id == user.SessionId)
        {
            Cookies.Clear(http, options.Value);
        }

        return TypedResults.NoContent();
    }
}
