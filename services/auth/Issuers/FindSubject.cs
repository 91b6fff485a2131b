using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Issuers;

/// <summary>For the edge, which has verified a token of an accepted issuer: the user that stands for its subject, made at the first call. Such an account
/// has no address and no password; what the issuer says about them is never compared with other accounts.</summary>
internal sealed class FindSubject
{
    private const string Provider = "issuer";
    private const int MaxSubject = 255;

    private const string Find =
        """
        select a.id, a.roles, a.deleted_at is not null from social_accounts s join accounts a on a.id = s.account_id
        where s.provider = 'issuer' and s.provider_user_id = $1
        """;

    private const string InsertAccount = "insert into accounts (id, created_at, last_login_at) values ($1, $2, $2)";

    // Of two that come at once one makes the account; the other's is undone.
    private const string InsertSocial =
        """
        insert into social_accounts (id, account_id, provider, provider_user_id, last_login_at, linked_at) values ($1, $2, 'issuer', $3, $4, $4)
        on conflict (provider, provider_user_id) do nothing
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/internal/issuers/subject", Handle).ExcludeFromDescription();

    private static async Task<Results<Ok<IssuerSubject>, ProblemHttpResult>> Handle(
        FindIssuerSubject request, AcceptedIssuers issuers, NpgsqlDataSource db, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        if (request.Issuer is not { } issuer || !issuers.Contains(issuer))
        {
            return Problems.NotFound();
        }

        if (request.Subject is not { Length: > 0 and <= MaxSubject } subject || subject.Any(char.IsControl))
        {
            return Problem.Validation("auth", "subject", $"A subject has 1 to {MaxSubject} characters, none of them a control character.");
        }

        // No issuer on the list holds a bar, so no two pairs are written alike.
        var id = $"{issuer}|{subject}";
        return await FindAsync(db, id, ct) ?? await MakeAsync(db, outbox, id, clock.GetUtcNow(), ct) ?? await FindAsync(db, id, ct) ?? Problems.NotFound();
    }

    private static async Task<Results<Ok<IssuerSubject>, ProblemHttpResult>?> FindAsync(NpgsqlDataSource db, string id, CancellationToken ct)
    {
        await using var row = await db.QueryForSystemAsync(SystemScope.SignIn, Find, [id], ct);
        if (!await row.ReadAsync(ct))
        {
            return null;
        }

        return row.GetBoolean(2) ? Problems.NotFound() : TypedResults.Ok(new IssuerSubject(row.GetGuid(0), row.GetFieldValue<string[]>(1)));
    }

    private static async Task<Results<Ok<IssuerSubject>, ProblemHttpResult>?> MakeAsync(NpgsqlDataSource db, Outbox outbox, string id, DateTimeOffset now, CancellationToken ct)
    {
        var user = Guid.CreateVersion7(now);
        await using var work = await db.BeginForSystemAsync(SystemScope.SignIn, ct);
        var connection = work.Connection;
        await using var account = new NpgsqlCommand(InsertAccount, connection).With(user, now);
        await account.ExecuteNonQueryAsync(ct);
        await using var social = new NpgsqlCommand(InsertSocial, connection).With(Guid.CreateVersion7(now), user, id, now);
        if (await social.ExecuteNonQueryAsync(ct) == 0)
        {
            return null;
        }

        await using var told = connection.CreateBatch();
        told.BatchCommands.Add(Audit.ProviderLinked(user, Provider, new Caller(null, null), now));
        await told.ExecuteNonQueryAsync(ct);
        await outbox.AddAsync(connection, Messaging.PubSub, UserRegistered.Topic, user.ToString("D"), new UserRegistered(user, Provider, false, now), ct);
        await work.CommitAsync(ct);
        outbox.Wake();
        return TypedResults.Ok(new IssuerSubject(user, ["user"]));
    }
}
