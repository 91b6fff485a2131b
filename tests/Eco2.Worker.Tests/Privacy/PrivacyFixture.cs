using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Eco2.Contracts.Privacy;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Worker.Tests.Privacy;

/// <summary>A call that came to a stand-in.</summary>
public sealed record Call(string App, string Method, string Path, string Body);

/// <summary>The worker beside its sidecar, and stand-ins for the apps that know something of a user. Each knows two pages of one row; each can be told
/// to refuse.</summary>
public sealed class PrivacyFixture : IAsyncLifetime
{
    private const string Token = "the-token-of-the-sidecar";
    private static readonly JsonSerializerOptions Wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly string[] Others = ["my", "auth", "scan", "image", "character"];
    private readonly List<WebApplication> apps = [];
    private readonly DirectoryInfo objects = Directory.CreateTempSubdirectory("eco2-privacy-");
    private readonly ConcurrentDictionary<(string App, string Method, Guid Id), (int Times, int Status)> refusals = new();
    private TestTarget target = null!;
    private AppSidecars sidecars = null!;
    private HttpClient messages = null!;

    /// <summary>What was asked of all stand-ins, in order.</summary>
    public ConcurrentQueue<Call> Calls { get; } = new();

    public async Task InitializeAsync()
    {
        target = await TestTarget.StartAsync();
        sidecars = await target.StartSidecarsAsync(
            ((string[])["state", "jobs", "workflow", "pubsub", "broadcast", "objects"]).Select(target.Read),
            [
                .. Others.Append("worker").Select(id => new AppSettings
                {
                    AppId = id, AwaitsAppPort = true, AppToken = Token, Environment = new Dictionary<string, string> { ["ECO2_OBJECTS_DIR"] = objects.FullName },
                }),
            ]);
        foreach (var id in Others)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Run(http => AnswerAsync(id, http));
            await RunAsync(id, app);
        }

        var side = sidecars["worker"];
        var worker = Program.Build(
            ["--urls=http://127.0.0.1:0", $"--APP_API_TOKEN={Token}", $"--DAPR_HTTP_PORT={side.HttpPort}", $"--DAPR_GRPC_PORT={side.GrpcPort}"], builder => builder.Logging.ClearProviders());
        await RunAsync("worker", worker);
        messages = new HttpClient { BaseAddress = new Uri(worker.Urls.First()) };
        messages.DefaultRequestHeaders.Add("dapr-api-token", Token);
    }

    public async Task DisposeAsync()
    {
        messages.Dispose();
        foreach (var app in apps)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await sidecars.DisposeAsync();
        await target.DisposeAsync();
        objects.Delete(recursive: true);
    }

    internal static PrivacyRequested Request(string kind) => new(Guid.CreateVersion7(), Guid.CreateVersion7(), kind, new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>One of the worker's activities, as the runtime makes it.</summary>
    internal T Activity<T>() => ActivatorUtilities.CreateInstance<T>(apps[^1].Services);

    /// <summary>The next calls of this method to an app about a user or a request are answered with this status.</summary>
    internal void Refuse(string app, string method, Guid id, int times, int status = 503) => refusals[(app, method, id)] = (times, status);

    /// <summary>Brings the message as the sidecar does.</summary>
    /// <returns>SUCCESS, RETRY or DROP.</returns>
    internal async Task<string> DeliverAsync(object message)
    {
        var data = JsonSerializer.Serialize(message, Wire);
        using var body = new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + data + "}", Encoding.UTF8, "application/cloudevents+json");
        using var answer = await messages.PostAsync("/events/privacy-requested", body);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("status").GetString()!;
    }

    /// <summary>What was told about a request at its end, once it was.</summary>
    internal async Task<JsonElement> EndAsync(PrivacyRequested request)
    {
        bool IsEnd(Call call) => call.Path == $"/internal/privacy/{request.RequestId:D}/end";
        await Eventually.TrueAsync(() => Calls.Any(IsEnd), "the end is told", TimeSpan.FromSeconds(60));
        return JsonElement.Parse(Calls.First(IsEnd).Body);
    }

    /// <summary>Asks for histories to be removed, as scan and my do.</summary>
    /// <returns>The status, and how many could not be removed.</returns>
    internal async Task<(int Status, int Left)> ForgetAsync(params string[] instanceIds)
    {
        using var body = new StringContent(JsonSerializer.Serialize(new { instance_ids = instanceIds }), Encoding.UTF8, "application/json");
        using var answer = await messages.PostAsync("/internal/histories/forget", body);
        return ((int)answer.StatusCode, answer.IsSuccessStatusCode ? JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("left").GetArrayLength() : 0);
    }

    /// <summary>How much the state stores hold about an id.</summary>
    internal Task<int> LeftAsync(string id) => target.CountAsync(id);

    internal List<Call> About(Guid id) => [.. Calls.Where(call => call.Path.Contains(id.ToString("D"), StringComparison.Ordinal))];

    /// <summary>Objects of an export, by their last names.</summary>
    internal string[] Objects(Guid exportId) =>
        new DirectoryInfo(Path.Combine(objects.FullName, "exports", exportId.ToString("D"))) is { Exists: true } folder
            ? [.. folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)]
            : [];

    internal async Task<byte[]> ReadAsync(Guid exportId, string name) => await File.ReadAllBytesAsync(Path.Combine(objects.FullName, "exports", exportId.ToString("D"), name));

    internal void Lose(Guid exportId, string name) => File.Delete(Path.Combine(objects.FullName, "exports", exportId.ToString("D"), name));

    private async Task AnswerAsync(string app, HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var call = new Call(app, http.Request.Method, http.Request.Path, await reader.ReadToEndAsync());
        Calls.Enqueue(call);
        var id = Guid.Parse(call.Path.Split('/')[3]);
        var key = (app, call.Method, id);
        var isRefused = false;
        if (refusals.TryGetValue(key, out var refusal) && refusal.Times > 0)
        {
            (refusals[key], isRefused) = (refusal with { Times = refusal.Times - 1 }, true);
        }

        var cursor = http.Request.Query["cursor"].ToString();
        var answer = (isRefused, call.Method) switch
        {
            (true, _) => Results.StatusCode(refusal.Status),
            (_, "GET") => Results.Json(new { table = $"{app}_things", rows = new[] { new { user_id = id, page = cursor == "" ? 1 : 2 } }, next = cursor == "" ? "1" : null }),
            (_, "DELETE") => Results.Json(new { removed = new Dictionary<string, long> { [$"{app}_things"] = 2 } }),
            _ => Results.NoContent(),
        };
        await answer.ExecuteAsync(http);
    }

    private async Task RunAsync(string id, WebApplication app)
    {
        await app.StartAsync();
        apps.Add(app);
        await sidecars[id].AttachAsync(new Uri(app.Urls.First()).Port);
    }
}
