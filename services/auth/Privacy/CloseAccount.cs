using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Privacy;

/// <summary>An account is to be deleted: nobody signs in with it any more and its sessions end. Can be repeated, also when it is gone.</summary>
internal sealed class CloseAccount
{
    private const string Close = "update accounts set deleted_at = coalesce(deleted_at, $2) where id = $1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/internal/users/{id:guid}/closed", Handle);

    private static async Task<NoContent> Handle(Guid id, NpgsqlDataSource db, EndSession end, UserData data, TimeProvider clock, CancellationToken ct)
    {
        await data.CloseAsync(id, ct);
        var now = clock.GetUtcNow();
        await using (var work = await db.BeginForUserAsync(id, ct))
        {
            // The row first: a sign-in at this moment ends before it or finds the account closed.
            await using var close = work.Command(Close, id, now);
            await close.ExecuteNonQueryAsync(ct);
            await end.AllOfUserAsync(work.Connection, id, "account deleted", now, ct);
            await work.CommitAsync(ct);
        }

        end.Published();
        return TypedResults.NoContent();
    }
}
