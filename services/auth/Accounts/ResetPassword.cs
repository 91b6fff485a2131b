using Eco2.Auth.ApiKeys;
using Eco2.Auth.Auditing;
using Eco2.Auth.Mail;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>A new password by the link of a mail. It ends all sessions, and leaves the second factor on.</summary>
internal sealed class ResetPassword
{
    public sealed record Request(string? Token, string? Password);

    private const string Find = "select email, email_verified_at is not null from accounts where id = $1 and deleted_at is null for update";

    // Who reads the mail of the address has verified it too.
    private const string Set =
        "update accounts set password_hash = $2, password_changed_at = $3, email_verified_at = coalesce(email_verified_at, $3) where id = $1";

    // Whoever signed up with somebody else's address may have left a door open: none of it outlives the owner's reset.
    private const string Unlink = "delete from social_accounts where account_id = $1 returning provider";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/password/reset", Handle).WithName("ResetPassword").WithSummary("Sets a new password by a mailed link and ends all sessions.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Request request,
        HttpContext http,
        NpgsqlDataSource db,
        Passwords passwords,
        Attempts attempts,
        EndSession end,
        RevokeKeysOf revokeKeys,
        MailQueue queue,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (request.Password is not { Length: >= 1 } password)
        {
            return Problems.Invalid(new Dictionary<string, string[]> { ["password"] = ["The new password is missing."] });
        }

        var now = clock.GetUtcNow();
        var caller = Caller.Of(http);
        var counter = attempts.Links(caller.Address);
        if (await attempts.CountAsync(counter, now, ct) is { } wait)
        {
            return Problems.TooManyAttempts(wait);
        }

        await using var work = await db.BeginForSystemAsync(SystemScope.OneTimeLink, ct);
        var connection = work.Connection;
        if (await OneTimeLinks.UseAsync(connection, request.Token, OneTimeLinks.ResetPassword, now, ct) is not { } accountId)
        {
            return Problems.LinkInvalid();
        }

        await work.BecomeAsync(accountId, ct);
        if (await FindAsync(connection, accountId, ct) is not var (email, verified))
        {
            return Problems.LinkInvalid();
        }

        // Refused without a commit: the link works again for a better password.
        if (PasswordRules.Check(password, email, "password") is { } refused)
        {
            return refused;
        }

        var unlinked = verified ? [] : await UnlinkAsync(connection, accountId, ct);
        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Set).With(accountId, await passwords.HashAsync(password, ct), now));
            if (!verified)
            {
                batch.BatchCommands.Add(Audit.EmailVerified(accountId, caller, now));
                foreach (var provider in unlinked)
                {
                    batch.BatchCommands.Add(Audit.ProviderUnlinked(accountId, provider, caller, now));
                }
            }

            batch.BatchCommands.Add(Challenges.VoidAll(accountId));
            batch.BatchCommands.Add(Attempts.Forgive(counter));
            batch.BatchCommands.Add(attempts.Forgive(email, caller.Address));
            batch.BatchCommands.Add(Attempts.ForgetOtherAddresses(accountId, caller.Address));
            if (caller.Address is { } address)
            {
                batch.BatchCommands.Add(Attempts.RememberAddress(accountId, address, now));
            }

            batch.BatchCommands.Add(MailQueue.Entry(Letters.PasswordChanged, accountId, email, Letters.LanguageOf(http), now));
            batch.BatchCommands.Add(Audit.PasswordChanged(accountId, "reset by mail", caller, now));
            await batch.ExecuteNonQueryAsync(ct);
        }

        if (!verified)
        {
            await revokeKeys.UserAsync(connection, accountId, caller, now, ct);
        }

        await end.AllOfUserAsync(connection, accountId, "password reset", now, ct);
        await work.CommitAsync(ct);
        end.Published();
        queue.Wake();
        return TypedResults.NoContent();
    }

    private static async Task<IReadOnlyList<string>> UnlinkAsync(NpgsqlConnection connection, Guid accountId, CancellationToken ct)
    {
        await using var unlink = new NpgsqlCommand(Unlink, connection).With(accountId);
        await using var row = await unlink.ExecuteReaderAsync(ct);
        var providers = new List<string>();
        while (await row.ReadAsync(ct))
        {
            providers.Add(row.GetString(0));
        }

        return providers;
    }

    private static async Task<(string Email, bool Verified)?> FindAsync(NpgsqlConnection connection, Guid accountId, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand(Find, connection).With(accountId);
        await using var row = await find.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) && !row.IsDBNull(0) ? (row.GetString(0), row.GetBoolean(1)) : null;
    }
}
