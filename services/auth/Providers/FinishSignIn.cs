using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;
using Npgsql;

namespace Eco2.Auth.Providers;

/// <summary>The way back from a provider: a session, or a link to the account that asked for one. Whatever happens the browser lands on the page
/// that it came from; why it failed is in the log, not in the address.</summary>
internal sealed class FinishSignIn
{
    private const int MaxCode = 4096;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{provider}/callback", Handle).WithName("FinishProviderSignIn")
        .WithSummary("Where a provider sends people back to.");

    private static async Task<RedirectHttpResult> Handle(
        string provider,
        HttpContext http,
        ConfiguredProviders providers,
        PendingSignIns pendings,
        Frontends frontends,
        Discovery discovery,
        Exchange exchange,
        SignInByProvider signIn,
        LinkProvider link,
        NpgsqlDataSource db,
        TimeProvider clock,
        ILogger<FinishSignIn> logger,
        CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        var query = http.Request.Query;
        if (providers.Find(provider) is not { } known || await pendings.TakeAsync(http, known, One(query["state"]), ct) is not { } pending)
        {
            return TypedResults.Redirect($"{frontends.Own}/#/login?error=oauth_failed");
        }

        try
        {
            var endpoints = await discovery.EndpointsAsync(known, ct);
            CheckAnswer(query, endpoints);
            var identity = await exchange.IdentityAsync(known, frontends.Callback(known.Id), One(query["code"])!, One(query["state"])!, pending.Browser, ct);
            return TypedResults.Redirect(pending.Frontend + (pending.AccountId is { } account
                ? await link.FinishAsync(known, identity, account, pending.SessionId, http, ct)
                : await signIn.FinishAsync(known, identity, http, ct)));
        }
        catch (ProviderException e)
        {
            ProviderLog.Failed(logger, known.Id, e.Message);
            await Audit.AddAsync(db, Audit.SignInRefused(pending.AccountId, known.Id, Caller.Of(http), clock.GetUtcNow()), ct);
            return TypedResults.Redirect(pending.Frontend + (pending.AccountId is null ? "/#/login?error=oauth_failed" : "/#/account/security?error=oauth_failed"));
        }
    }

    /// <summary>RFC 9207: an answer of another issuer was meant for somebody else.</summary>
    private static void CheckAnswer(IQueryCollection query, Discovery.Endpoints endpoints)
    {
        if (query["iss"].Count > 0 ? One(query["iss"]) != (endpoints.Issuer ?? One(query["iss"])) : endpoints.NamesIssuer)
        {
            throw new ProviderException("The answer is of another issuer, or does not say of which.");
        }

        if (query.ContainsKey("error"))
        {
            throw new ProviderException("The provider answered with an error, or the person said no.");
        }

        if (One(query["code"]) is not { Length: > 0 and <= MaxCode })
        {
            throw new ProviderException("The answer holds no code.");
        }
    }

    private static string? One(StringValues values) => values is [{ } one] ? one : null;
}
