using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>The account of somebody who is signed in and wants to change how.</summary>
internal sealed record OwnAccount(Guid Id, Guid SessionId, string? Email, bool Verified, string? PasswordHash, bool SecondFactor, DateTimeOffset SignedInAt)
{
    // Who took over an open session cannot make it his own for ever: without a password to ask for, a fresh sign-in has to do.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private const string Find =
        """
        select a.email, a.email_verified_at is not null, a.password_hash, a.totp_on_at is not null, s.created_at
        from accounts a join sessions s on s.account_id = a.id
        where a.id = $1 and s.id = $2 and a.deleted_at is null and s.revoked_at is null
        """;

    /// <summary>Null without a session, as with an API key: nothing of this is for machines.</summary>
    public static async Task<OwnAccount?> FindAsync(NpgsqlDataSource db, CurrentUser user, CancellationToken ct)
    {
        if (user.SessionId is not { } session)
        {
            return null;
        }

        await using var row = await db.QueryForUserAsync(user.Id, Find, [user.Id, session], ct);
        return await row.ReadAsync(ct)
            ? new OwnAccount(
                user.Id, session, row.IsDBNull(0) ? null : row.GetString(0), row.GetBoolean(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetBoolean(3), row.GetFieldValue<DateTimeOffset>(4))
            : null;
    }

    /// <summary>Asks for the password again. Null when it was right, or when there is none and the sign-in is fresh.</summary>
    public async Task<ProblemHttpResult?> RefuseAsync(NpgsqlDataSource db, string? password, Passwords passwords, Attempts attempts, Caller caller, DateTimeOffset now, CancellationToken ct)
    {
        if (PasswordHash is null)
        {
            return now - SignedInAt <= Fresh ? null : Problems.SignInAgain();
        }

        if (await attempts.RefuseProofAsync(attempts.CurrentPassword(Id), Id, "password", caller, now, ct) is { } refused)
        {
            return refused;
        }

        if (password is { Length: >= 1 and <= PasswordRules.Longest } && await passwords.VerifyAsync(PasswordHash, password, ct) != PasswordVerificationResult.Failed)
        {
            return null;
        }

        await Audit.AddAsync(db, Audit.ProofRefused(Id, "password", caller, now), ct);
        return Problems.WrongPassword();
    }
}
