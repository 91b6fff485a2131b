using System.Text.Json;
using Eco2.Auth.Keys;
using Eco2.Auth.Mail;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Makes an account and signs it in.</summary>
internal sealed class SignUp
{
    public sealed record Request(string? Email, string? Password, string? Nickname);

    private const string Insert =
        """
        insert into accounts (id, email, password_hash, nickname, created_at, last_login_at)
        values ($1, normalize($2), $3, normalize($4), $5, $5) on conflict (email) do nothing
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/sign-up", Handle).OncePerKey(SealedAnswers.Of, SetCookies);

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> Handle(
        Request request,
        HttpContext http,
        NpgsqlDataSource db,
        Passwords passwords,
        SessionIssuer sessions,
        Admins admins,
        Outbox outbox,
        MailQueue mails,
        TimeProvider clock,
        CancellationToken ct)
    {
        var nickname = string.IsNullOrWhiteSpace(request.Nickname) ? null : Nfc.Compose(request.Nickname).Trim();
        var errors = Check(request, nickname, out var email);
        if (errors.Count > 0)
        {
            return Problems.Invalid(errors);
        }

        if (PasswordRules.Check(request.Password!, email, "password") is { } refused)
        {
            return refused;
        }

        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var hash = await passwords.HashAsync(request.Password!, ct);
        var session = sessions.Prepare(id, "password", admins.RolesOf(email, ["user"]), Caller.Of(http), now);
        await using (var work = await db.BeginForUserAsync(id, ct))
        {
            var connection = work.Connection;
            await using var insert = new NpgsqlCommand(Insert, connection).With(id, email, hash, nickname, now);
            if (await insert.ExecuteNonQueryAsync(ct) == 0)
            {
                return Problems.EmailInUse();
            }

            await using var rest = connection.CreateBatch();
            session.AddTo(rest);
            rest.BatchCommands.Add(outbox.Entry(Messaging.PubSub, UserRegistered.Topic, id.ToString("D"), new UserRegistered(id, "password", nickname is not null, now)));
            rest.BatchCommands.Add(MailQueue.Entry(Letters.VerifyEmail, id, email, Letters.LanguageOf(http), now));
            await rest.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        outbox.Wake();
        mails.Wake();
        return TypedResults.Created("/api/v1/users/me", await sessions.DeliverAsync(session, http, ct));
    }

    // A browser lives by its cookies, so they come again too.
    private static void SetCookies(HttpContext http, byte[] answer)
    {
        var session = JsonSerializer.Deserialize<SignedIn>(answer, http.RequestServices.GetRequiredService<WireJson>().Options)!;
        Cookies.Set(http, session.AccessToken, session.RefreshToken, http.RequestServices.GetRequiredService<IOptions<AuthOptions>>().Value);
    }

    private static Dictionary<string, string[]> Check(Request request, string? nickname, out string email)
    {
        var errors = new Dictionary<string, string[]>();
        if (!EmailAddress.TryNormalise(request.Email, out email))
        {
            errors["email"] = ["This is not an e-mail address."];
        }

        if (request.Password is not { Length: >= 1 })
        {
            errors["password"] = ["The password is missing."];
        }

        if (nickname is { Length: > 120 } || (nickname is not null && Invisible.IsInName(nickname)))
        {
            errors["nickname"] = ["A nickname has 1 to 120 characters, none of them a control or invisible character."];
        }

        return errors;
    }
}
