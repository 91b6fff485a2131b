using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

/// <summary>A sidecar with the repository's own component and subscription files over servers of its own. Services are started on demand;
/// <see cref="Worker"/> speaks as the app that does the work.</summary>
public sealed class LineFixture : IAsyncLifetime
{
    // Asked for as in production: a call without it fails.
    private const string ApiToken = "the-token-of-the-apps";

    private static readonly string[] AppIds = ["event-router", "sse-gateway", "scan", "image", "worker"];
    private readonly List<ServiceHost> hosts = [];
    private readonly List<WebApplication> standIns = [];
    private int picturesAsked;
    private TestTarget target = null!;
    private AppSidecars sidecars = null!;

    public DaprClient Worker { get; private set; } = null!;

    internal static string Root { get; } = Checkout.Root;

    public async Task InitializeAsync()
    {
        target = await TestTarget.StartAsync();
        sidecars = await target.StartSidecarsAsync(
            ((string[])["jobs", "pubsub", "broadcast", "dead-letters", "resiliency", "subscriptions"]).Select(target.Read),
            [.. AppIds.Select(id => new AppSettings { AppId = id, AwaitsAppPort = id != "worker", AppToken = ServiceHost.AppToken, ApiToken = ApiToken, MaxBodyBytes = 32 << 20 })]);
        Worker = Client("worker");
    }

    public async Task DisposeAsync()
    {
        Worker.Dispose();
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        foreach (var app in standIns)
        {
            await app.DisposeAsync();
        }

        await sidecars.DisposeAsync();
        await target.DisposeAsync();
    }

    /// <summary>Starts a service beside its sidecar; the fixture ends it.</summary>
    internal Task<ServiceHost> StartAsync(
        string appId,
        Func<string[], Action<WebApplicationBuilder>?, WebApplication> build,
        string? postgres = null,
        params string[] options) => StartAsync(appId, build, postgres, attached: true, options);

    /// <summary>One more process of a service: it may call the sidecar, but no message comes to it.</summary>
    internal Task<ServiceHost> StartAnotherAsync(
        string appId,
        Func<string[], Action<WebApplicationBuilder>?, WebApplication> build,
        params string[] options) => StartAsync(appId, build, null, attached: false, options);

    /// <summary>Ends a service before its time.</summary>
    internal async Task StopAsync(ServiceHost host)
    {
        hosts.Remove(host);
        await host.DisposeAsync();
    }

    private async Task<ServiceHost> StartAsync(
        string appId,
        Func<string[], Action<WebApplicationBuilder>?, WebApplication> build,
        string? postgres,
        bool attached,
        string[] options)
    {
        var side = sidecars[appId];
        var host = await ServiceHost.StartAsync(
            build,
            postgres,
            null,
            [$"DAPR_HTTP_PORT={side.HttpPort}", $"DAPR_GRPC_PORT={side.GrpcPort}", $"DAPR_API_TOKEN={ApiToken}", .. options]);
        hosts.Add(host);
        if (attached)
        {
            await side.AttachAsync(host.Address.Port);
        }

        return host;
    }

    /// <summary>A picture about which the stand-in cannot say anything now.</summary>
    public static readonly Guid Unreachable = Guid.Parse("0198c0de-0000-7000-8000-00000000dead");

    /// <summary>How often the stand-in for pictures was asked.</summary>
    public int PicturesAsked => picturesAsked;

    /// <summary>A stand-in for the app that keeps pictures: everybody owns the pictures under their own id.</summary>
    public Task StandInAsync(string appId) => StandInAsync(appId, app => app.MapGet(
        "/internal/images/{channel}/{owner:guid}/{id:guid}",
        (string channel, Guid owner, Guid id, HttpRequest request) =>
        {
            Interlocked.Increment(ref picturesAsked);
            var key = $"{channel}/{owner:D}/{id:D}";
            return id == Unreachable ? Results.StatusCode(503) : request.Headers["X-User-Id"] == owner.ToString("D")
                ? Results.Json(new StoredImage(key, channel, owner, "image/jpeg", 10, 10, 100, "ab12", $"/api/v1/images/{key}"), ContractsJson.Default.Options)
                : Results.NotFound();
        }));

    /// <summary>A stand-in for any app.</summary>
    public async Task StandInAsync(string appId, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        standIns.Add(app);
        await sidecars[appId].AttachAsync(new Uri(app.Urls.First()).Port);
    }

    /// <summary>An accepted job, as the scan service leaves it.</summary>
    public async Task<Job> AcceptAsync(Guid? userId = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var job = new Job(Guid.CreateVersion7(), userId ?? Guid.CreateVersion7());
        var document = new JobDocument(job.Id, job.UserId, "scan", "queued", "queued", 0, now, now, null, [job.Event("queued", "started", 0) with { Seq = 1 }]);
        await Worker.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(job.Id), document);
        return job;
    }

    public Task PublishAsync(JobEventBatch batch) => Worker.PublishEventAsync(Messaging.PubSub, JobEventBatch.Topic, batch);

    public Task<JobDocument?> ReadAsync(Job job) => Worker.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(job.Id));

    /// <summary>Seconds until a key of the job store expires; -1: never, -2: there is no such key.</summary>
    public Task<int> TtlAsync(string key) => target.TtlAsync(key);

    /// <summary>How much the state stores hold about an id.</summary>
    public Task<int> CountAsync(Guid id) => target.CountAsync(id.ToString("D"));

    /// <summary>The whole log: the chunks, then the document's own events.</summary>
    public async Task<IReadOnlyList<JobEvent>> ReadLogAsync(Job job)
    {
        var document = (await ReadAsync(job))!;
        var log = new List<JobEvent>();
        for (var number = 1; number <= document.Chunks; number++)
        {
            log.AddRange((await Worker.GetStateAsync<JobChunk>(JobDocument.Store, JobChunk.KeyOf(job.Id, number)))!.Events);
        }

        return [.. log, .. document.Events];
    }

    internal DaprClient Client(string appId) => new DaprClientBuilder()
        .UseHttpEndpoint(sidecars[appId].HttpEndpoint)
        .UseGrpcEndpoint(sidecars[appId].GrpcEndpoint)
        .UseDaprApiToken(ApiToken)
        .UseJsonSerializationOptions(ContractsJson.Default.Options)
        .Build();
}

/// <summary>A job and the events a scan tells about it.</summary>
public sealed record Job(Guid Id, Guid UserId)
{
    public JobEvent Event(string stage, string status, int progress, DateTimeOffset? at = null) =>
        new(JobEvent.IdOf(Id, stage, status), 0, stage, status, progress, at ?? DateTimeOffset.FromUnixTimeSeconds(1_900_000_000));

    public JobEventBatch Batch(string? after, params JobEvent[] events) => new(Id, UserId, "scan", after, events);

    public string IdOf(string stage, string status) => JobEvent.IdOf(Id, stage, status);

    /// <summary>A piece of an answer, after the piece before it.</summary>
    public JobEventBatch Token(int number, string? after = null) => Batch(
        after ?? (number == 1 ? null : JobEvent.TokenIdOf(Id, number - 1)),
        Event("token", "streaming", 50) with
        {
            EventId = JobEvent.TokenIdOf(Id, number),
            Result = JsonSerializer.SerializeToElement(new Dictionary<string, object> { ["content"] = "한 조각의 글", ["offset"] = number * 7 }),
        });

    /// <summary>What the worker tells, in the order in which it happens.</summary>
    public IReadOnlyList<JobEventBatch> WholeScan() =>
    [
        Batch(IdOf("queued", "started"), Event("vision", "started", 5)),
        Batch(IdOf("vision", "started"), Event("vision", "completed", 25), Event("rule", "started", 25), Event("rule", "completed", 50)),
        Batch(IdOf("rule", "completed"), Event("answer", "started", 50)),
        Batch(IdOf("answer", "started"), Event("answer", "completed", 75), Event("reward", "started", 75)),
        Batch(IdOf("reward", "started"), Event("reward", "completed", 95), Event("done", "completed", 100)),
    ];
}
