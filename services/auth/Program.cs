using Eco2.Auth.Accounts;
using Eco2.Auth.ApiKeys;
using Eco2.Auth.Issuers;
using Eco2.Auth.Keys;
using Eco2.Auth.Mail;
using Eco2.Auth.Privacy;
using Eco2.Auth.Providers;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;
using Eco2.Contracts;
using Eco2.Edge;
using Eco2.ServiceDefaults;

namespace Eco2.Auth;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("auth", ContractsJson.Default).AddEco2Database(typeof(Program).Assembly).AddEco2Outbox().AddEdge(always: false);
        AccountData.Add(builder);
        builder.Services.AddOptions<AuthOptions>().BindConfiguration("Auth").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Passwords>().AddSingleton<Attempts>().AddSingleton<Admins>();
        builder.Services.AddSingleton<Encryption>().AddSingleton<KeyRing>().AddSingleton<AccessTokens>();
        builder.Services.AddSingleton<SessionIssuer>().AddSingleton<EndSession>();
        ProviderRoutes.Add(builder.Services);
        builder.Services.AddSingleton<AcceptedIssuers>();
        builder.Services.AddSingleton<MailQueue>().AddHostedService<MailRelay>().AddHostedService<Sweep>().AddHostedService<Reencrypt>();
        builder.Services.AddSingleton<BackupCodes>().AddSingleton<Codes>().AddSingleton<TotpChange>().AddSingleton<RevokeKeysOf>();

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        Endpoints.Map(app);
        return app;
    }
}
