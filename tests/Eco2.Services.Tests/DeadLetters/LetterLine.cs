using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr.Client;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Services.Tests.DeadLetters;

/// <summary>A subscriber that may refuse, its sidecar, the keeper with its sidecar and a real broker, over the repository's component files;
/// only their times are shorter. The subscriber stands where scan is and hears job.finished.</summary>
public sealed class LetterLine : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> running = [];
    private TestTarget target = null!;
    private AppSidecars sidecars = null!;

    public string Postgres { get; private set; } = "";

    /// <summary>Every delivery the subscriber got: event id and data.</summary>
    public ConcurrentQueue<(string Id, string Data)> Delivered { get; } = new();

    /// <summary>Event ids the subscriber refuses.</summary>
    public ConcurrentDictionary<string, bool> Refused { get; } = new();

    public DaprClient Publisher { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        target = await TestTarget.StartAsync();
        Postgres = await PostgresCluster.CreateDatabaseAsync();
        sidecars = await target.StartSidecarsAsync(
            ((string[])["pubsub", "broadcast", "dead-letters", "resiliency", "subscriptions"]).Select(Read), App("my", true), App("scan", true), App("event-router", false));
        Publisher = new DaprClientBuilder().UseHttpEndpoint(sidecars["event-router"].HttpEndpoint).UseGrpcEndpoint(sidecars["event-router"].GrpcEndpoint).Build();
        await StartSubscriberAsync();
    }

    public async Task DisposeAsync()
    {
        Publisher.Dispose();
        foreach (var one in Enumerable.Reverse(running))
        {
            await one.DisposeAsync();
        }

        await sidecars.DisposeAsync();
        await target.DisposeAsync();
    }

    public Task PublishAsync(string id, object data) => Publisher.PublishEventAsync("pubsub", "job.finished", data, new Dictionary<string, string> { ["cloudevent.id"] = id });

    /// <summary>A keeper. The first one is attached to the sidecar, so that letters and ticks reach it.</summary>
    internal async Task<ServiceHost> StartKeeperAsync(bool attached, params string[] options)
    {
        var side = sidecars["my"];
        var keeper = await ServiceHost.StartAsync(
            Eco2.My.Program.Build, Postgres, null, [$"DAPR_HTTP_PORT={side.HttpPort}", $"DAPR_GRPC_PORT={side.GrpcPort}", "DeadLetters:RetryPause=00:00:00", .. options]);
        running.Add(keeper);
        if (attached)
        {
            await side.AttachAsync(keeper.Address.Port);
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
        await sidecars["scan"].AttachAsync(new Uri(app.Urls.First()).Port);
    }

    private static AppSettings App(string id, bool listens) => new()
    {
        AppId = id,
        AwaitsAppPort = listens,
        AppToken = ServiceHost.AppToken,
        MaxBodyBytes = 16 << 20,
    };

    private string Read(string name)
    {
        var text = target.Read(name);
        text = Regex.Replace(text, @"deliver: \{[^}]*\}", "deliver: { policy: constant, duration: 20ms, maxRetries: 1 }");
        text = Regex.Replace(text, @"(keep: .*duration: )5s", "${1}100ms");
        return text.Replace("@every 5m", "@every 1s", StringComparison.Ordinal);
    }
}
