using Eco2.Auth.Accounts;
using Eco2.Auth.Auditing;
using Eco2.Auth.Keys;
using Eco2.Auth.Mail;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Turns the second factor on: a secret for the app, then a code that shows that the app has it.</summary>
internal sealed class EnableTotp
{
    public sealed record Request(string? Password);

    public sealed record Secret([property: System.Text.Json.Serialization.JsonPropertyName("secret")] string Text, string OtpauthUri);

    public sealed record Confirmation(string? Code);

    public sealed record Confirmed(IReadOnlyList<string> BackupCodes);

    private const string SetPending = "update accounts set totp_pending = $2 where id = $1 and totp_on_at is null";
    private const string ReadPending = "select totp_pending from accounts where id = $1 and totp_on_at is null";

    // Only the secret that the code was made with: another one may have been asked for meanwhile.
    private const string TurnOn =
        """
        update accounts set totp_secret = totp_pending, totp_pending = null, totp_on_at = $2, totp_last_step = $3
        where id = $1 and totp_on_at is null and totp_pending = $4
        """;

    private const string Prove = "update sessions set second_factor_at = $2 where id = $1";

    // An answer that holds the secret is not given again once the secret counts.
    private const string Place = "/api/v1/auth/totp";
    private const string Forget = "delete from idempotent_answers where user_id = $1 and location = $2";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/totp", Start).WithName("StartSecondFactor").WithSummary("Makes a secret for an authenticator app.").OncePerKey(SealedAnswers.Of);
        routes.MapPost("/totp/confirm", Confirm).WithName("ConfirmSecondFactor").WithSummary("Turns the second factor on by a code of the app.");
    }

    private static async Task<Results<Created<Secret>, ProblemHttpResult>> Start(
        Request request,
        CurrentUser user,
        HttpContext http,
        NpgsqlDataSource db,
        Passwords passwords,
        Attempts attempts,
        Encryption encryption,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (await OwnAccount.FindAsync(db, user, ct) is not { } account)
        {
            return Problems.SessionRequired();
        }

        if (account.SecondFactor)
        {
            return Problems.SecondFactorOn();
        }

        // Else somebody could sign up with another's address and lock the owner out of it.
        if (account.Email is not null && !account.Verified)
        {
            return Problems.EmailNotVerified();
        }

        if (await account.RefuseAsync(db, request.Password, passwords, attempts, Caller.Of(http), clock.GetUtcNow(), ct) is { } refused)
        {
            return refused;
        }

        var secret = Totp.NewSecret();
        await using (var batch = db.CreateBatch())
        {
            batch.BatchCommands.Add(UserRows.Become(account.Id));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(SetPending).With(account.Id, await encryption.EncryptAsync(secret, Codes.UseOf(account.Id), ct)));
            batch.BatchCommands.Add(Attempts.Forgive(attempts.CurrentPassword(account.Id)));
            await batch.ExecuteNonQueryAsync(ct);
        }

        return TypedResults.Created(Place, new Secret(Totp.Encode(secret), Totp.Uri(secret, account.Email ?? account.Id.ToString("D"))));
    }

    private static async Task<Results<Ok<Confirmed>, ProblemHttpResult>> Confirm(
        Confirmation request,
        CurrentUser user,
        HttpContext http,
        NpgsqlDataSource db,
        Attempts attempts,
        Encryption encryption,
        BackupCodes backup,
        MailQueue queue,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (await OwnAccount.FindAsync(db, user, ct) is not { } account)
        {
            return Problems.SessionRequired();
        }

        if (await PendingAsync(db, account.Id, ct) is not { } pending)
        {
            return account.SecondFactor ? Problems.SecondFactorOn() : Problems.SecondFactorOff();
        }

        var now = clock.GetUtcNow();
        if (await attempts.RefuseProofAsync(attempts.SecondFactor(account.Id), account.Id, "second_factor", Caller.Of(http), now, ct) is { } refused)
        {
            return refused;
        }

        var code = request.Code?.Replace(" ", "", StringComparison.Ordinal) ?? "";
        if (Totp.Match(await encryption.DecryptAsync(pending, Codes.UseOf(account.Id), ct), code, now, last: null) is not { } step)
        {
            await Audit.AddAsync(db, Audit.ProofRefused(account.Id, "second_factor", Caller.Of(http), now), ct);
            return Problems.InvalidCode();
        }

        var codes = await backup.MakeAsync(ct);
        await using var work = await db.BeginForUserAsync(account.Id, ct);
        var connection = work.Connection;
        await using (var turnOn = new NpgsqlCommand(TurnOn, connection).With(account.Id, now, step, pending))
        {
            if (await turnOn.ExecuteNonQueryAsync(ct) == 0)
            {
                return Problems.InvalidCode();
            }
        }

        await using (var batch = connection.CreateBatch())
        {
            foreach (var command in BackupCodes.Replace(account.Id, codes))
            {
                batch.BatchCommands.Add(command);
            }

            batch.BatchCommands.Add(new NpgsqlBatchCommand(Forget).With(account.Id, Place));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Prove).With(account.SessionId, now));
            batch.BatchCommands.Add(Attempts.Forgive(attempts.SecondFactor(account.Id)));
            batch.BatchCommands.Add(Audit.SecondFactorChanged(account.Id, "on", Caller.Of(http), now));
            if (account.Email is { } email)
            {
                batch.BatchCommands.Add(MailQueue.Entry(Letters.SecondFactorOn, account.Id, email, Letters.LanguageOf(http), now));
            }

            await batch.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        queue.Wake();
        return TypedResults.Ok(new Confirmed(codes.Codes));
    }

    private static async Task<byte[]?> PendingAsync(NpgsqlDataSource db, Guid accountId, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(accountId, ReadPending, [accountId], ct);
        return await row.ReadAsync(ct) && !row.IsDBNull(0) ? row.GetFieldValue<byte[]>(0) : null;
    }
}
