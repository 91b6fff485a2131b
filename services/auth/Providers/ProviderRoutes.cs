namespace Eco2.Auth.Providers;

/// <summary>Signing in by other people's providers: parts and routes.</summary>
internal static class ProviderRoutes
{
    public static void Add(IServiceCollection services)
    {
        services.AddOptions<ProvidersOptions>().BindConfiguration("Auth").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ConfiguredProviders>().AddSingleton<Frontends>().AddSingleton<PendingSignIns>();
        services.AddSingleton<ProviderHttp>().AddSingleton<Discovery>().AddSingleton<IdToken>().AddSingleton<Exchange>();
        services.AddSingleton<StartSignIn>().AddSingleton<SignInByProvider>().AddSingleton<LinkProvider>();
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        // Settings that cannot work are told at the start and not to the first who signs in.
        routes.ServiceProvider.GetRequiredService<ConfiguredProviders>();
        routes.ServiceProvider.GetRequiredService<Frontends>();
        ListProviders.Map(routes);
        StartSignIn.Map(routes);
        FinishSignIn.Map(routes);
        LinkProvider.Map(routes);
        UnlinkProvider.Map(routes);
    }
}
