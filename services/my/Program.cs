using Eco2.Contracts;
using Eco2.My.Characters;
using Eco2.My.DeadLetters;
using Eco2.My.Privacy;
using Eco2.My.Profiles;
using Eco2.My.Stats;
using Eco2.ServiceDefaults;

namespace Eco2.My;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("my", ContractsJson.Default).AddEco2Database(typeof(Program).Assembly);

        builder.Services.AddOptions<MyOptions>().BindConfiguration("My").ValidateDataAnnotations().ValidateOnStart();
        DeadLetterRoutes.Add(builder.Services);
        PrivacyRoutes.Add(builder);

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        var me = app.MapGroup("/api/v1/users/me");
        GetProfile.Map(me);
        ChangeProfile.Map(me);
        ListCharacters.Map(me);
        GetOwnership.Map(me);
        GetStats.Map(me);
        OnUserRegistered.Map(app);
        OnCharacterGranted.Map(app);
        OnJobFinished.Map(app);
        DeadLetterRoutes.Map(app);
        PrivacyRoutes.Map(app, me);
        return app;
    }
}
