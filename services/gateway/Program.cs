using Eco2.Contracts;
using Eco2.Gateway.Forwarding;
using Eco2.Gateway.Tokens;
using Eco2.ServiceDefaults;

namespace Eco2.Gateway;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("gateway", ContractsJson.Default, edge: true);

        builder.Services.AddOptions<GatewayOptions>().BindConfiguration("Gateway").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SidecarClient>().AddSingleton<VerificationKeys>();
        builder.Services.AddSingleton<RevokedSessions>().AddSingleton<TokenVerifier>().AddSingleton<Gate>();
        builder.Services.AddSingleton<Forwarder>().AddHostedService<AuthSync>();
        builder.Services.AddSingleton<IReadinessCheck, KnowsTokens>();

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        Pages.Map(app);
        OnSessionRevoked.Map(app);
        Forwarder.Map(app);
        return app;
    }
}
