using Eco2.Auth.Auditing;
using Eco2.Auth.Mail;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>A new password for somebody who is signed in, or a first one. It ends the other sessions.</summary>
internal sealed class ChangePassword
{
    public sealed record Request(string? CurrentPassword, string? NewPassword);

    // Only over the password that was looked at: of two changes at once one counts.
    private const string Set = "update accounts set password_hash = $2, password_changed_at = $3 where id = $1 and password_hash is not distinct from $4::text";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/password", Handle).WithName("ChangePassword").WithSummary("Changes the password and ends the other sessions.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Request request,
        CurrentUser user,
        HttpContext http,
        NpgsqlDataSource db,
        Passwords passwords,
        Attempts attempts,
        EndSession end,
        MailQueue queue,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (request.NewPassword is not { Length: >= 1 } password)
        {
            return Problems.Invalid(new Dictionary<string, string[]> { ["new_password"] = ["The new password is missing."] });
        }

        if (await OwnAccount.FindAsync(db, user, ct) is not { } account)
        {
            return Problems.SessionRequired();
        }

        var now = clock.GetUtcNow();
        var caller = Caller.Of(http);
        if (await account.RefuseAsync(db, request.CurrentPassword, passwords, attempts, caller, now, ct) is { } wrong)
        {
            return wrong;
        }

        if (PasswordRules.Check(password, account.Email, "new_password") is { } refused)
        {
            return refused;
        }

        var hash = await passwords.HashAsync(password, ct);
        await using var work = await db.BeginForUserAsync(account.Id, ct);
        var connection = work.Connection;
        await using (var set = new NpgsqlCommand(Set, connection).With(account.Id, hash, now, account.PasswordHash))
        {
            if (await set.ExecuteNonQueryAsync(ct) == 0)
            {
                return Problems.WrongPassword();
            }
        }

        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(Challenges.VoidAll(account.Id));
            batch.BatchCommands.Add(Attempts.Forgive(attempts.CurrentPassword(account.Id)));
            batch.BatchCommands.Add(Audit.PasswordChanged(account.Id, "changed", caller, now));
            if (account.Email is { } email)
            {
                batch.BatchCommands.Add(MailQueue.Entry(Letters.PasswordChanged, account.Id, email, Letters.LanguageOf(http), now));
            }

            await batch.ExecuteNonQueryAsync(ct);
        }

        await end.OthersOfUserAsync(connection, account.Id, account.SessionId, "password changed", now, ct);
        await work.CommitAsync(ct);
        end.Published();
        queue.Wake();
        return TypedResults.NoContent();
    }
}
