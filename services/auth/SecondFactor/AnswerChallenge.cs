using Eco2.Auth.Accounts;
using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>A challenge and a code for a session.</summary>
internal sealed class AnswerChallenge
{
    public sealed record Request(string? Challenge, string? Code);

    private const string Find = "select email, roles, email_verified_at is not null from accounts where id = $1 and totp_on_at is not null and deleted_at is null";

    private const string Note = "update accounts set last_login_at = $2 where id = $1";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/second-factor", Handle).WithName("AnswerSecondFactor").WithSummary("Finishes a sign-in with a code of the app or a backup code.");

    private static async Task<Results<Ok<SignedIn>, ProblemHttpResult>> Handle(
        Request request,
        HttpContext http,
        NpgsqlDataSource db,
        Codes codes,
        Attempts attempts,
        SessionIssuer sessions,
        Admins admins,
        TimeProvider clock,
        CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var caller = Caller.Of(http);
        if (await Challenges.TryAsync(db, request.Challenge, now, ct) is not { } challenge
            || await FindAsync(db, challenge.AccountId, ct) is not { } account)
        {
            return Problems.ChallengeEnded();
        }

        var counter = attempts.SecondFactor(challenge.AccountId);
        if (await attempts.RefuseProofAsync(counter, challenge.AccountId, "second_factor", caller, now, ct) is { } refused)
        {
            return refused;
        }

        if (await codes.MatchAsync(challenge.AccountId, request.Code, now, ct) is not { } match)
        {
            await Audit.AddAsync(db, Audit.SignInRefused(challenge.AccountId, "second_factor", caller, now), ct);
            return Problems.InvalidCode();
        }

        var session = sessions.Prepare(challenge.AccountId, challenge.Provider, admins.RolesOf(account.Email, account.Roles, account.Verified), caller, now, now);
        await using (var work = await db.BeginForUserAsync(challenge.AccountId, ct))
        {
            var connection = work.Connection;
            if (!await Challenges.WinAsync(connection, request.Challenge!, ct))
            {
                return Problems.ChallengeEnded();
            }

            if (!await match.UseAsync(connection, ct))
            {
                await Audit.AddAsync(db, Audit.SignInRefused(challenge.AccountId, "second_factor", caller, now), ct);
                return Problems.InvalidCode();
            }

            await using var batch = connection.CreateBatch();
            session.AddTo(batch);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Note).With(challenge.AccountId, now));
            batch.BatchCommands.Add(Attempts.Forgive(counter));
            if (match.Method == "backup_code")
            {
                batch.BatchCommands.Add(Audit.SecondFactorChanged(challenge.AccountId, "backup_code_used", caller, now));
            }

            await batch.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        return TypedResults.Ok(await sessions.DeliverAsync(session, http, ct));
    }

    private static async Task<(string? Email, string[] Roles, bool Verified)?> FindAsync(NpgsqlDataSource db, Guid accountId, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(accountId, Find, [accountId], ct);
        return await row.ReadAsync(ct) ? (row.IsDBNull(0) ? null : row.GetString(0), row.GetFieldValue<string[]>(1), row.GetBoolean(2)) : null;
    }
}
