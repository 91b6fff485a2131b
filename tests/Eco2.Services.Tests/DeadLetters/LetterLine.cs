using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr.Client;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Eco2.Services.Tests.DeadLetters;

/// <summary>A subscriber that may refuse, its sidecar, the keeper with its sidecar and a real broker, over the repository's component files;
/// only their times are shorter. The subscriber stands where scan is and hears job.finished.</summary>
public sealed class LetterLine : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> running = [];
    private RedisServer redis = null!;
    private SidecarHost sidecar = null!;

    public string Postgres { get; private set; } = "";

    /// <summary>Every delivery the subscriber got: event id and data.</summary>
    public ConcurrentQueue<(string Id, string Data)> Delivered { get; } = new();

    /// <summary>Event ids the subscriber refuses.</summary>
    public ConcurrentDictionary<string, bool> Refused { get; } = new();

    public DaprClient Publisher { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        redis = await RedisServer.StartAsync();
        Postgres = await PostgresCluster.CreateDatabaseAsync();
        sidecar = await SidecarHost.StartAsync(
            new SidecarOptions { Apps = [App("my", true), App("scan", true), App("event-router", false)], Logs = NullLoggerFactory.Instance },
            CancellationToken.None);
        Publisher = new DaprClientBuilder().UseHttpEndpoint(sidecar.App("event-router").HttpEndpoint.ToString()).UseGrpcEndpoint(sidecar.App("event-router").GrpcEndpoint.ToString()).Build();
        await StartSubscriberAsync();
    }

    public async Task DisposeAsync()
    {
        Publisher.Dispose();
        foreach (var one in Enumerable.Reverse(running))
        {
            await one.DisposeAsync();
        }

        await sidecar.DisposeAsync();
        await redis.DisposeAsync();
    }

    public Task PublishAsync(string id, object data) => Publisher.PublishEventAsync("pubsub", "job.finished", data, new Dictionary<string, string> { ["cloudevent.id"] = id });

    /// <summary>A keeper. The first one is attached to the sidecar, so that letters and ticks reach it.</summary>
    internal async Task<ServiceHost> StartKeeperAsync(bool attached, params string[] options)
    {
        var side = sidecar.App("my");
        var keeper = await ServiceHost.StartAsync(
            Eco2.My.Program.Build, Postgres, null, [$"DAPR_HTTP_PORT={side.HttpPort}", $"DAPR_GRPC_PORT={side.GrpcPort}", "DeadLetters:RetryPause=00:00:00", .. options]);
        running.Add(keeper);
        if (attached)
        {
            side.AttachApp(keeper.Address.Port);
            await side.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        }

        return keeper;
    }

    private async Task StartSubscriberAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/events/job-finished", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body);
            return Results.Json(new
            {
                statuses = body.RootElement.GetProperty("entries").EnumerateArray().Select(e =>
                {
                    var (id, data) = (e.GetProperty("event").GetProperty("id").GetString()!, e.GetProperty("event").GetProperty("data").GetRawText());
                    Delivered.Enqueue((id, data));
                    return new { entryId = e.GetProperty("entryId").GetString(), status = Refused.ContainsKey(id) ? "RETRY" : "SUCCESS" };
                }).ToList(),
            });
        });
        await app.StartAsync();
        running.Add(app);
        sidecar.App("scan").AttachApp(new Uri(app.Urls.First()).Port);
        await sidecar.App("scan").WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private AppSettings App(string id, bool listens) => new()
    {
        AppId = id,
        AwaitsAppPort = listens,
        AppToken = ServiceHost.AppToken,
        MaxBodyBytes = 16 << 20,
        InlineResources = string.Join("\n---\n", ((string[])["pubsub", "broadcast", "dead-letters", "resiliency", "subscriptions"]).Select(Read)),
        Environment = new Dictionary<string, string> { ["ECO2_REDIS_HOST"] = redis.Host, ["ECO2_REDIS_PASSWORD"] = "" },
    };

    private static string Read(string name)
    {
        var text = File.ReadAllText(TestSidecar.Repository($"components/redis/{name}.yaml"));
        text = Regex.Replace(text, @"deliver: \{[^}]*\}", "deliver: { policy: constant, duration: 20ms, maxRetries: 1 }");
        text = Regex.Replace(text, @"(keep: .*duration: )5s", "${1}100ms");
        return text.Replace("@every 5m", "@every 1s", StringComparison.Ordinal);
    }
}
