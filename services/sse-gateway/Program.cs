using Eco2.Contracts;
using Eco2.ServiceDefaults;
using Eco2.SseGateway.Jobs;
using Eco2.SseGateway.Streams;

namespace Eco2.SseGateway;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("sse-gateway", ContractsJson.Default);

        builder.Services.AddOptions<SseOptions>().BindConfiguration("Sse").ValidateDataAnnotations().ValidateOnStart();

        builder.Services.AddSingleton<JobLookup>();
        builder.Services.AddSingleton<StreamHub>();
        builder.Services.AddHostedService(sp => sp.GetRequiredService<StreamHub>());
        builder.Services.AddSingleton<StreamLimits>();
        builder.Services.AddSingleton<StreamMeter>();

        adjust?.Invoke(builder);

        var app = builder.Build();
        app.UseEco2();
        GetJob.Map(app);
        CancelJob.Map(app);
        StreamJobEvents.Map(app);
        OnJobFanout.Map(app);
        return app;
    }
}
