using Eco2.Contracts;
using Eco2.EventRouter.Jobs;
using Eco2.ServiceDefaults;

namespace Eco2.EventRouter;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("event-router", ContractsJson.Default);

        builder.Services.AddOptions<EventRouterOptions>().BindConfiguration("EventRouter").ValidateDataAnnotations().ValidateOnStart();

        builder.Services.AddSingleton<Announcer>();
        builder.Services.AddHostedService(sp => sp.GetRequiredService<Announcer>());
        builder.Services.AddSingleton<ChunkTrimmer>();
        builder.Services.AddHostedService(sp => sp.GetRequiredService<ChunkTrimmer>());
        builder.Services.AddSingleton<JobStore>();
        builder.Services.AddSingleton<JobMeter>();
        builder.Services.AddSingleton<JobWriter>();
        builder.Services.AddHostedService(sp => sp.GetRequiredService<JobWriter>());

        adjust?.Invoke(builder);

        var app = builder.Build();
        app.UseEco2();
        OnJobEvents.Map(app);
        OnJobWaiting.Map(app);
        return app;
    }
}
