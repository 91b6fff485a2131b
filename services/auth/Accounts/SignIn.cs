using Eco2.Auth.Auditing;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>E-mail and password for a session.</summary>
internal sealed class SignIn
{
    public sealed record Request(string? Email, string? Password);

    private sealed record Account(Guid Id, string? Hash, string[] Roles, bool SecondFactor);

    private const string Find =
        "select id, password_hash, roles, totp_on_at is not null from accounts where email = normalize($1) and deleted_at is null";

    // No row when the password was changed while it was looked at: a reset ends what this one would open.
    private const string Note = "update accounts set last_login_at = coalesce($2, last_login_at), password_hash = coalesce($3, password_hash) where id = $1 and password_hash = $4";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/sign-in", Handle).WithName("SignIn").WithSummary("Signs in, or asks for the second factor.");

    private static async Task<Results<Ok<SignedIn>, Accepted<Challenges.Asked>, ProblemHttpResult>> Handle(
        Request request,
        HttpContext http,
        NpgsqlDataSource db,
        Passwords passwords,
        Attempts attempts,
        SessionIssuer sessions,
        Admins admins,
        TimeProvider clock,
        CancellationToken ct)
    {
        // What cannot be an address or a password cannot sign in, whoever it is; nothing to look up, nothing to tell.
        if (!EmailAddress.TryNormalise(request.Email, out var email) || request.Password is not { Length: >= 1 and <= PasswordRules.Longest } password)
        {
            return Problems.InvalidCredentials();
        }

        var now = clock.GetUtcNow();
        var caller = Caller.Of(http);
        if (await attempts.RefuseSignInAsync(email, caller, now, ct) is { } refused)
        {
            return refused;
        }

        var account = await FindAsync(db, email, ct);
        var verdict = await passwords.VerifyAsync(account?.Hash, password, ct);
        if (account is null || verdict == PasswordVerificationResult.Failed)
        {
            await Audit.AddAsync(db, Audit.SignInRefused(account?.Id, "password", caller, now), ct);
            return Problems.InvalidCredentials();
        }

        var renewed = verdict == PasswordVerificationResult.SuccessRehashNeeded ? await passwords.HashAsync(password, ct) : null;
        var session = sessions.Prepare(account.Id, "password", admins.RolesOf(email, account.Roles), caller, now);
        var (asked, challenge) = Challenges.Make(account.Id, "password", now);
        await using (var work = await db.BeginForUserAsync(account.Id, ct))
        {
            var connection = work.Connection;
            await using var note = new NpgsqlCommand(Note, connection).With(account.Id, account.SecondFactor ? null : now, renewed, account.Hash);
            if (await note.ExecuteNonQueryAsync(ct) == 0)
            {
                await Audit.AddAsync(db, Audit.SignInRefused(account.Id, "password", caller, now), ct);
                return Problems.InvalidCredentials();
            }

            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(attempts.Forgive(email, caller.Address));
            if (account.SecondFactor)
            {
                batch.BatchCommands.Add(challenge);
            }
            else
            {
                session.AddTo(batch);
            }

            await batch.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        if (account.SecondFactor)
        {
            return TypedResults.Accepted((string?)null, asked);
        }

        return TypedResults.Ok(await sessions.DeliverAsync(session, http, ct));
    }

    private static async Task<Account?> FindAsync(NpgsqlDataSource db, string email, CancellationToken ct)
    {
        await using var reader = await db.QueryForSystemAsync(SystemScope.SignIn, Find, [email], ct);
        return await reader.ReadAsync(ct)
            ? new Account(reader.GetGuid(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetFieldValue<string[]>(2), reader.GetBoolean(3))
            : null;
    }
}
