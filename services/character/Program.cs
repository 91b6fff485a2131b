using Eco2.Character.Catalog;
using Eco2.Character.Pictures;
using Eco2.Character.Rewards;
using Eco2.Contracts;
using Eco2.ServiceDefaults;

namespace Eco2.Character;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("character", ContractsJson.Default).AddEco2Database(typeof(Program).Assembly).AddEco2Outbox()
            .AddEco2UserData(new UserTable("ownership", "id"), new UserTable("evaluations", "job_id"));

        builder.Services.AddOptions<CharacterOptions>().BindConfiguration("Character").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<CharacterCatalog>().AddSingleton<GetPicture>().AddSingleton<RewardMeter>().AddSingleton<EvaluateRewards>();
        RewardActor.Register(builder);

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.Services.GetRequiredService<GetPicture>();
        app.UseEco2();
        GetCatalog.Map(app.MapGroup("/api/v1/character"));
        GetPicture.Map(app);
        OnUserRegistered.Map(app);
        app.MapUserData();
        app.MapActorsHandlers();
        return app;
    }
}
