using Eco2.Auth.Mail;
using Eco2.Auth.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Asks for a mail with a link to a new password. Nothing here looks at accounts: whether there is one is found out when the mail
/// leaves, so that neither the answer nor its time tells.</summary>
internal sealed class ForgotPassword
{
    public sealed record Request(string? Email);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/password/forgot", Handle).WithName("ForgotPassword").WithSummary("Sends a mail to choose a new password, if there is such an account.");

    private static async Task<Results<Accepted, ProblemHttpResult>> Handle(
        Request request, HttpContext http, NpgsqlDataSource db, Attempts attempts, MailQueue queue, TimeProvider clock, CancellationToken ct)
    {
        if (!EmailAddress.TryNormalise(request.Email, out var email))
        {
            return Problems.Invalid(new Dictionary<string, string[]> { ["email"] = ["This is not an e-mail address."] });
        }

        var now = clock.GetUtcNow();
        if (await attempts.CountAsync(attempts.MailRequests(Caller.Of(http).Address), now, ct) is { } wait)
        {
            return Problems.TooManyAttempts(wait);
        }

        // Past the bound there is no further mail, and the link in the newest one stays valid: nobody can keep the owner from it by asking.
        if (await attempts.CountAsync(Attempts.Mails(email), now, ct) is null)
        {
            await db.ExecuteForSystemAsync(SystemScope.Mail, ct, MailQueue.Entry(Letters.ResetPassword, null, email, Letters.LanguageOf(http), now));
            queue.Wake();
        }

        return TypedResults.Accepted((string?)null);
    }
}
