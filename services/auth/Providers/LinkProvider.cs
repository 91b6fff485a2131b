using Eco2.Auth.Accounts;
using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Providers;

/// <summary>Adds a provider to the account that is signed in; the only way two ways in become one account.</summary>
internal sealed class LinkProvider(NpgsqlDataSource db, TimeProvider clock)
{
    public sealed record Answer(string AuthorizationUrl);

    // Whoever was signed out meanwhile adds nothing.
    private const string IsStillThere =
        """
        select 1 from accounts a join sessions s on s.account_id = a.id
        where a.id = $1 and a.deleted_at is null and s.id = $2 and s.revoked_at is null for update of a
        """;

    private const string Insert =
        """
        insert into social_accounts (id, account_id, provider, provider_user_id, email, linked_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """;

    private const string IsOwn = "select 1 from social_accounts where account_id = $1 and provider = $2 and provider_user_id = $3";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{provider}/link", Handle).WithName("LinkProvider")
        .WithSummary("Begins to add a provider to the account of the caller.");

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        string provider, CurrentUser user, HttpContext http, ConfiguredProviders providers, Frontends frontends, StartSignIn start, ILogger<LinkProvider> logger, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        if (user.SessionId is not { } session)
        {
            return Problems.SessionRequired();
        }

        if (providers.Find(provider) is not { } known)
        {
            return Problems.UnsupportedProvider();
        }

        if (!frontends.TryFind(http.Request, out var frontend))
        {
            return Problem.Validation("auth", "redirect_uri", "A sign-in does not come back to there.");
        }

        try
        {
            return TypedResults.Ok(new Answer((await start.BeginAsync(http, known, frontend, user.Id, session, ct)).Address));
        }
        catch (ProviderException e)
        {
            ProviderLog.Failed(logger, known.Id, e.Message);
            return Problems.OAuthProviderError();
        }
    }

    /// <returns>Where on the page it goes on.</returns>
    public async Task<string> FinishAsync(Provider provider, ProviderIdentity identity, Guid accountId, Guid? sessionId, HttpContext http, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var work = await db.BeginForUserAsync(accountId, ct);
        var connection = work.Connection;
        await using var there = new NpgsqlCommand(IsStillThere, connection).With(accountId, sessionId);
        if (await there.ExecuteScalarAsync(ct) is null)
        {
            throw new ProviderException("Whoever wanted the link has signed out.");
        }

        var email = EmailAddress.TryNormalise(identity.Email, out var normal) ? normal : null;
        await using var insert = new NpgsqlCommand(Insert, connection).With(Guid.CreateVersion7(now), accountId, provider.Id, identity.Subject, email, now);
        if (await insert.ExecuteNonQueryAsync(ct) == 0)
        {
            await using var own = new NpgsqlCommand(IsOwn, connection).With(accountId, provider.Id, identity.Subject);
            return await own.ExecuteScalarAsync(ct) is null ? "/#/account/security?error=already_linked" : Linked(provider);
        }

        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(Audit.ProviderLinked(accountId, provider.Id, Caller.Of(http), now));
            await batch.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        return Linked(provider);
    }

    private static string Linked(Provider provider) => $"/#/account/security?linked={provider.Id}";
}
