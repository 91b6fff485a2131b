using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts;
using Eco2.Contracts.Character;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Media;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Worker.Tests.Scan;

/// <summary>The worker beside its sidecar, over the repository's own components, with stand-ins for the apps around it. What it tells is
/// collected as the router would hear it.</summary>
public class WorkerFixture : IAsyncLifetime
{
    private const string Token = "the-token-of-the-sidecar";
    private readonly List<WebApplication> apps = [];
    private readonly DirectoryInfo objects = Directory.CreateTempSubdirectory("eco2-worker-");
    private TestTarget target = null!;
    private AppSidecars sidecars = null!;

    public ConcurrentQueue<JobEventBatch> Told { get; } = new();

    /// <summary>What the stand-in for media answers, by image key; a plastic bottle otherwise.</summary>
    public ConcurrentDictionary<string, int> MediaStatus { get; } = new();

    /// <summary>Jobs whose reward the stand-in for character cannot decide when it is first asked.</summary>
    public ConcurrentDictionary<Guid, bool> Undecided { get; } = new();

    /// <summary>Rewards that came late to the stand-in for scan.</summary>
    public ConcurrentQueue<(Guid JobId, Reward Reward)> Settled { get; } = new();

    public DaprClient Scan { get; private set; } = null!;

    /// <summary>Further settings of the worker.</summary>
    protected virtual IReadOnlyList<string> Settings => [];

    /// <summary>What the sidecars have, files of the target.</summary>
    protected virtual string[] Components => ["jobs", "pubsub", "broadcast", "dead-letters", "workflow", "objects", "resiliency", "subscriptions"];

    /// <summary>The text of a component file.</summary>
    protected virtual string Read(string component) => target.Read(component);

    public virtual async Task InitializeAsync()
    {
        target = await TestTarget.StartAsync();
        sidecars = await target.StartSidecarsAsync(Components.Select(Read), App("worker"), App("event-router"), App("media"), App("character"), App("scan"));
        await StandInAsync("media", app => app.MapPost("/v1/classify", (ClassifyPhoto photo) => MediaStatus.TryGetValue(photo.Key, out var status)
            ? Results.StatusCode(status)
            : Results.Json(new PhotoClass("plastic", 0.9, "glass", 0.05, false, "stand-in", 3), ContractsJson.Default.Options)));
        await StandInAsync("character", app => HostsRewards(app).MapPut("/actors/Rewards/{user}/method/EvaluateAsync", async (HttpRequest request) =>
            Undecided.TryRemove((await request.ReadFromJsonAsync(ContractsJson.Default.EvaluateReward))!.JobId, out _)
                ? Results.StatusCode(503)
                : Results.Json(new Reward("granted", null, new RewardCharacter("char-petty", "페티", "", "", ""), null), ContractsJson.Default.Options)));
        await StandInAsync("scan", app => app.MapPut("/internal/scans/{id:guid}/reward", async (Guid id, HttpRequest request) =>
        {
            Settled.Enqueue((id, (await request.ReadFromJsonAsync(ContractsJson.Default.Reward))!));
            return Results.NoContent();
        }));
        await StandInAsync("event-router", app => app.MapPost("/events/job-events", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body);
            var entries = body.RootElement.GetProperty("entries").EnumerateArray().ToList();
            entries.ForEach(e => Told.Enqueue(e.GetProperty("event").GetProperty("data").Deserialize(ContractsJson.Default.JobEventBatch)!));
            return Results.Json(new { statuses = entries.Select(e => new { entryId = e.GetProperty("entryId").GetString(), status = "SUCCESS" }) });
        }));
        Scan = new DaprClientBuilder()
            .UseHttpEndpoint(sidecars["scan"].HttpEndpoint)
            .UseGrpcEndpoint(sidecars["scan"].GrpcEndpoint)
            .UseJsonSerializationOptions(ContractsJson.Default.Options)
            .Build();
        await BeginWorkerAsync();
    }

    /// <summary>Puts the worker beside its sidecar, in the place of whatever stood there.</summary>
    public async Task StartWorkerAsync()
    {
        var side = sidecars["worker"];
        var worker = Program.Build(
            ["--urls=http://127.0.0.1:0", $"--APP_API_TOKEN={Token}", $"--DAPR_HTTP_PORT={side.HttpPort}", $"--DAPR_GRPC_PORT={side.GrpcPort}", .. Settings],
            builder => builder.Logging.ClearProviders());
        await RunAsync("worker", worker);
    }

    /// <summary>What stands beside the worker's sidecar at first.</summary>
    protected virtual Task BeginWorkerAsync() => StartWorkerAsync();

    public virtual async Task DisposeAsync()
    {
        Scan.Dispose();
        foreach (var app in apps)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await sidecars.DisposeAsync();
        await target.DisposeAsync();
        objects.Delete(recursive: true);
    }

    /// <summary>What the stand-in for character says of its actors.</summary>
    private static WebApplication HostsRewards(WebApplication app)
    {
        app.MapGet("/dapr/config", () => Results.Json(new { entities = new[] { EvaluateReward.ActorType } }));
        return app;
    }

    /// <summary>Stores a picture as media does.</summary>
    public async Task StoreAsync(string name, byte[] bytes)
    {
        var file = new FileInfo(Path.Combine(objects.FullName, name));
        file.Directory!.Create();
        await File.WriteAllBytesAsync(file.FullName, bytes);
    }

    /// <summary>Accepts a scan as the scan service does.</summary>
    public async Task<ScanRequested> RequestAsync(string? words, int times = 1, int? media = null, string model = "local", byte[]? photo = null, bool undecided = false)
    {
        var (user, now) = (Guid.CreateVersion7(), TimeProvider.System.GetUtcNow());
        var scan = new ScanRequested(Guid.CreateVersion7(), user, $"scan/{user}/{Guid.CreateVersion7()}", "ab12", "/x", words is not null, model, "ko", now);
        if (media is { } status)
        {
            MediaStatus[scan.ImageKey] = status;
        }

        if (photo is not null)
        {
            await StoreAsync(ImageObjects.Vision(scan.ImageKey), photo);
        }

        if (undecided)
        {
            Undecided[scan.JobId] = true;
        }

        var queued = new JobEvent(JobEvent.IdOf(scan.JobId, "queued", "started"), 1, "queued", "started", 0, now);
        await Scan.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(scan.JobId), new JobDocument(scan.JobId, user, "scan", "queued", "queued", 0, now, now, null, [queued]));
        if (words is not null)
        {
            await Scan.SaveStateAsync(JobDocument.Store, ScanWords.KeyOf(scan.JobId), new ScanWords(user, words));
        }

        for (var i = 0; i < times; i++)
        {
            await Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan);
        }

        return scan;
    }

    /// <summary>All that was told about a scan, once its last event was.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAsync(ScanRequested scan)
    {
        await Eventually.TrueAsync(() => Told.Any(b => b.JobId == scan.JobId && b.Events.Any(e => e.IsTerminal())), "the scan ends", TimeSpan.FromSeconds(40));
        return [.. Told.Where(b => b.JobId == scan.JobId).SelectMany(b => b.Events)];
    }

    private AppSettings App(string id) => new()
    {
        AppId = id,
        AwaitsAppPort = true,
        AppToken = Token,
        Environment = new Dictionary<string, string> { ["ECO2_OBJECTS_DIR"] = objects.FullName },
    };

    protected async Task StandInAsync(string id, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        map(app);
        await RunAsync(id, app);
    }

    private async Task RunAsync(string id, WebApplication app)
    {
        await app.StartAsync();
        apps.Add(app);
        await sidecars[id].AttachAsync(new Uri(app.Urls.First()).Port);
    }
}
