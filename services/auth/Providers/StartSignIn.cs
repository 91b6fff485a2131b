using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace Eco2.Auth.Providers;

/// <summary>The way to a provider: its address with a fresh state, as JSON or as a redirect.</summary>
internal sealed class StartSignIn(PendingSignIns pending, Discovery discovery, Frontends frontends)
{
    public sealed record Answer(bool Success, Data Data);

    public sealed record Data(string Provider, string State, string AuthorizationUrl, DateTimeOffset ExpiresAt);

    public sealed record ShortAnswer(string AuthorizationUrl, string State);

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var one in routes.ServiceProvider.GetRequiredService<ConfiguredProviders>().All)
        {
            // The oldest form of the path. Not for any word: GET /sign-up is a mistake and not a provider.
            routes.MapGet("/" + one.Id, (HttpContext http, ConfiguredProviders providers, Frontends frontends, StartSignIn start, ILogger<StartSignIn> logger, CancellationToken ct) =>
                Handle(one.Id, http, providers, frontends, start, logger, ct)).ExcludeFromDescription();
        }

        routes.MapGet("/{provider}/login", Handle).WithName("StartProviderSignIn").WithSummary("Begins a sign-in at a provider.");
        routes.MapGet("/{provider}/authorize", HandleShort).WithName("AuthorizeAtProvider")
            .WithSummary("The same in short; with redirect=true it leads there.");
    }

    /// <exception cref="ProviderException">Its discovery document cannot be had.</exception>
    public async Task<(PendingSignIns.Started Started, string Address)> BeginAsync(
        HttpContext http, Provider provider, string frontend, Guid? accountId, Guid? sessionId, CancellationToken ct)
    {
        var endpoints = await discovery.EndpointsAsync(provider, ct);
        var started = await pending.StartAsync(http, provider, frontend, accountId, sessionId, ct);
        var query = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = provider.ClientId,
            ["redirect_uri"] = frontends.Callback(provider.Id).AbsoluteUri,
            ["scope"] = provider.Settings.Scopes is { Length: > 0 } scopes ? scopes : null,
            ["state"] = started.State,
            ["nonce"] = endpoints.KeySet is null ? null : PendingSignIns.Nonce(started.State, started.Browser),
            ["code_challenge"] = provider.Settings.Pkce == true ? PendingSignIns.Challenge(started.State, started.Browser) : null,
            ["code_challenge_method"] = provider.Settings.Pkce == true ? "S256" : null,
        };
        return (started, QueryHelpers.AddQueryString(endpoints.Authorization.AbsoluteUri, query.Where(pair => pair.Value is not null)));
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        string provider, HttpContext http, ConfiguredProviders providers, Frontends frontends, StartSignIn start, ILogger<StartSignIn> logger, CancellationToken ct)
    {
        var (begun, refusal) = await TryAsync(provider, http, providers, frontends, start, logger, ct);
        return begun is var (started, address)
            ? TypedResults.Ok(new Answer(true, new Data(provider, started.State, address, started.ExpiresAt)))
            : refusal!;
    }

    private static async Task<Results<Ok<ShortAnswer>, RedirectHttpResult, ProblemHttpResult>> HandleShort(
        string provider, HttpContext http, ConfiguredProviders providers, Frontends frontends, StartSignIn start, ILogger<StartSignIn> logger, CancellationToken ct, bool redirect = false)
    {
        var (begun, refusal) = await TryAsync(provider, http, providers, frontends, start, logger, ct);
        return begun is not var (started, address) ? refusal!
            : redirect ? TypedResults.Redirect(address)
            : TypedResults.Ok(new ShortAnswer(address, started.State));
    }

    private static async Task<((PendingSignIns.Started Started, string Address)? Begun, ProblemHttpResult? Refusal)> TryAsync(
        string id, HttpContext http, ConfiguredProviders providers, Frontends frontends, StartSignIn start, ILogger logger, CancellationToken ct)
    {
        if (providers.Find(id) is not { } provider)
        {
            return (null, Problems.UnsupportedProvider());
        }

        if (!frontends.TryFind(http.Request, out var frontend))
        {
            return (null, Problem.Validation("auth", "redirect_uri", "A sign-in does not come back to there."));
        }

        try
        {
            return (await start.BeginAsync(http, provider, frontend, null, null, ct), null);
        }
        catch (ProviderException e)
        {
            ProviderLog.Failed(logger, provider.Id, e.Message);
            return (null, Problems.OAuthProviderError());
        }
    }
}

internal static partial class ProviderLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Signing in by {Provider} failed: {Why}")]
    public static partial void Failed(ILogger logger, string provider, string why);
}
