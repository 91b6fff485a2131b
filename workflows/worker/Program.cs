using Dapr.Workflow;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;
using Eco2.Worker.Models;
using Eco2.Worker.Privacy;
using Eco2.Worker.Scan;

namespace Eco2.Worker;

internal static class Program
{
    private static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.AddEco2("worker", ContractsJson.Default);

        builder.Services.AddOptions<ModelOptions>().BindConfiguration("Models").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ScanStepOptions>().BindConfiguration("Scan").ValidateDataAnnotations().ValidateOnStart();

        // Read now: a worker with contradicting knowledge does not start.
        builder.Services.AddSingleton(KnowledgeBase.Load());
        builder.Services.AddSingleton<Disposal>().AddSingleton<AnswerComposer>().AddSingleton<LocalVision>().AddSingleton<Grounding>();
        builder.Services.AddSingleton<ModelMeter>().AddSingleton<ModelClients>().AddSingleton<VisionByModel>().AddSingleton<AnswerByModel>().AddHostedService<BudgetShare>();
        builder.Services.AddObjectStore(Contracts.Image.ImageObjects.Binding).AddSingleton<Photos>().AddSingleton<SentWords>().AddSingleton<VisionLocally>().AddSingleton<Rewards>().AddSingleton<ScanEvents>();
        builder.Services.AddGatheringPublisher<JobEventBatch>(Messaging.PubSub, JobEventBatch.Topic);
        OnPrivacyRequested.Add(builder.Services);
        builder.Services.AddDaprWorkflow(workflows => OnPrivacyRequested.Register(ScanSteps.Register(workflows, builder.Configuration.GetValue("Scan:MaxSteps", ScanStepOptions.DefaultMaxSteps))));

        adjust?.Invoke(builder);
        var app = builder.Build();
        app.UseEco2();
        ScanSteps.Map(app);
        OnPrivacyRequested.Map(app);
        return app;
    }
}
