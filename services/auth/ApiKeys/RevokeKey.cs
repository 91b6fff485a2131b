using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.ApiKeys;

/// <summary>Ends a key. Whoever remembers that it was good hears of it as of a session that ended, under the key's id.</summary>
internal sealed class RevokeKey
{
    private const string Revoke = "update api_keys set revoked_at = $3 where id = $1 and user_id = $2 and revoked_at is null";
    private const string Exists = "select 1 from api_keys where id = $1 and user_id = $2";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/keys/{id:guid}", Handle).WithName("RevokeApiKey").WithSummary("Revokes an API key.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Guid id, CurrentUser user, HttpContext http, NpgsqlDataSource db, Outbox outbox, EndSession end, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        var now = clock.GetUtcNow();
        await using var mine = await db.BeginForUserAsync(user.Id, ct);
        await using var revoke = mine.Command(Revoke, id, user.Id, now);
        if (await revoke.ExecuteNonQueryAsync(ct) == 0)
        {
            await using var exists = mine.Command(Exists, id, user.Id);
            return await exists.ExecuteScalarAsync(ct) is null ? Problems.NotFound() : TypedResults.NoContent();
        }

        await using (var batch = mine.Connection.CreateBatch())
        {
            batch.BatchCommands.Add(outbox.Entry(JobFanout.PubSub, SessionRevoked.Topic, id.ToString("D"), new SessionRevoked(id, user.Id, now, end.ForgetAfter(now))));
            batch.BatchCommands.Add(Audit.KeyRevoked(user.Id, id, Caller.Of(http), now));
            await batch.ExecuteNonQueryAsync(ct);
        }

        await mine.CommitAsync(ct);
        outbox.Wake();
        return TypedResults.NoContent();
    }
}
