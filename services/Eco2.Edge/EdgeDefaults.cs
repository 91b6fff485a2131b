using Eco2.Edge.Callers;
using Eco2.Edge.Limits;

namespace Eco2.Edge;

/// <summary>What an app needs to stand at the door: <c>AddEdge</c> before the build, <c>MapEdge</c> after it.</summary>
internal static class EdgeDefaults
{
    /// <param name="builder">The app.</param>
    /// <param name="always">True: this app is the door, and not ready before it can tell who calls. False: it may be asked, and learns what it needs then.</param>
    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder, bool always)
    {
        var services = builder.Services;
        services.AddOptions<EdgeOptions>().BindConfiguration("Edge").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SidecarClient>().AddSingleton<VerificationKeys>().AddSingleton<RevokedSessions>().AddSingleton<TokenVerifier>();
        services.AddSingleton<AuthLookup>().AddSingleton<ApiKeys>().AddSingleton<TrustedIssuers>().AddSingleton<Credentials>();
        services.AddSingleton<ClientAddress>().AddSingleton<Origins>().AddSingleton<LimitBook>().AddSingleton<Limiter>().AddSingleton<Gate>();
        services.AddSingleton<AuthSync>();
        services.AddHostedService(provider =>
        {
            // Wrong settings stop the start and not the first request.
            _ = provider.GetRequiredService<Gate>();
            var sync = provider.GetRequiredService<AuthSync>();
            if (always)
            {
                sync.Begin();
            }

            return sync;
        });
        if (always)
        {
            services.AddSingleton<ServiceDefaults.IReadinessCheck, KnowsTokens>();
        }

        return builder;
    }

    public static void MapEdge(this IEndpointRouteBuilder routes) => OnSessionRevoked.Map(routes);
}
