using Eco2.Contracts;
using Eco2.Scan.Categories;
using Eco2.Scan.Models;
using Eco2.Scan.Scans;
using Eco2.ServiceDefaults;

namespace Eco2.Scan;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("scan", ContractsJson.Default).AddEco2Database(typeof(Program).Assembly).AddEco2Outbox();
        ScanRetention.Add(builder);

        builder.Services.AddOptions<ScanOptions>().BindConfiguration("Scan").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ModelsOptions>().BindConfiguration("Models").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<OfferedModels>().AddSingleton<TaxonomyCache>();
        builder.Services.AddSingleton<Pictures>().AddSingleton<ScanMeter>().AddSingleton<JobLog>().AddSingleton<SubmitScan>().AddSingleton<InFlight>().AddHostedService(sp => sp.GetRequiredService<InFlight>());

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        var scans = app.MapGroup("/api/v1/scan");
        SubmitScan.Map(scans);
        ListScans.Map(scans);
        ListCategories.Map(scans);
        ListModels.Map(scans);
        GetResult.Map(scans);
        DeleteScan.Map(scans);
        RecallScan.Map(app);
        SettleReward.Map(app);
        OnJobFinished.Map(app);
        ScanRetention.Map(app);
        return app;
    }
}
