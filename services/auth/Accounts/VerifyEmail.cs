using Eco2.Auth.Auditing;
using Eco2.Auth.Mail;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Shows that whoever signed up reads the mail of that address.</summary>
internal sealed class VerifyEmail
{
    public sealed record Request(string? Token);

    private const string Set = "update accounts set email_verified_at = $2 where id = $1 and email_verified_at is null and deleted_at is null";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/email/verification", HandleAgain).WithName("SendVerification").WithSummary("Sends the verification mail again.");
        routes.MapPost("/email/verify", Handle).WithName("VerifyEmail").WithSummary("Uses the link of a verification mail.");
    }

    private static async Task<Results<Accepted, ProblemHttpResult>> HandleAgain(
        CurrentUser user, HttpContext http, NpgsqlDataSource db, Attempts attempts, MailQueue queue, TimeProvider clock, CancellationToken ct)
    {
        if (await OwnAccount.FindAsync(db, user, ct) is not { } account)
        {
            return Problems.SessionRequired();
        }

        if (account.Email is null)
        {
            return Problems.NoEmail();
        }

        var now = clock.GetUtcNow();
        if (!account.Verified)
        {
            if (await attempts.CountAsync(Attempts.Mails(account.Email), now, ct) is { } wait)
            {
                return Problems.TooManyAttempts(wait);
            }

            await using var batch = db.CreateBatch();
            batch.BatchCommands.Add(UserRows.Become(account.Id));
            batch.BatchCommands.Add(MailQueue.Entry(Letters.VerifyEmail, account.Id, account.Email, Letters.LanguageOf(http), now));
            await batch.ExecuteNonQueryAsync(ct);
            queue.Wake();
        }

        return TypedResults.Accepted((string?)null);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        Request request, HttpContext http, NpgsqlDataSource db, Attempts attempts, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var caller = Caller.Of(http);
        var counter = attempts.Links(caller.Address);
        if (await attempts.CountAsync(counter, now, ct) is { } wait)
        {
            return Problems.TooManyAttempts(wait);
        }

        await using var work = await db.BeginForSystemAsync(SystemScope.OneTimeLink, ct);
        var connection = work.Connection;
        if (await OneTimeLinks.UseAsync(connection, request.Token, OneTimeLinks.VerifyEmail, now, ct) is not { } accountId)
        {
            return Problems.LinkInvalid();
        }

        await work.BecomeAsync(accountId, ct);
        await using var set = new NpgsqlCommand(Set, connection).With(accountId, now);
        var first = await set.ExecuteNonQueryAsync(ct) > 0;
        await using var batch = connection.CreateBatch();
        if (first)
        {
            batch.BatchCommands.Add(Audit.EmailVerified(accountId, caller, now));
        }

        batch.BatchCommands.Add(Attempts.Forgive(counter));
        await batch.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        return TypedResults.NoContent();
    }
}
