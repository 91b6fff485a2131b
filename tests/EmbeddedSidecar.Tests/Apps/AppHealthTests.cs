using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Hosting;
using EmbeddedSidecar.Tests.Actors;
using EmbeddedSidecar.Tests.PubSub;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Apps;

public sealed class AppHealthTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private static readonly AppHealthCheck _check = new() { Path = "well", Interval = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromMilliseconds(50), Threshold = 2 };
    private static readonly HttpClient _http = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private volatile bool _isWell;

    [Fact]
    public async Task An_app_gets_things_only_while_it_is_well()
    {
        await using var app = await TestApp.StartAsync(AnswerAsync);
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("pubsub", "pubsub.redis", $"redisHost: {redis.Host}") + SidecarFixture.Component("state", "state.in-memory", "actorStateStore: true"),
            new AppSettings { AppId = "health", AppPort = app.Port, AppToken = "secret", HealthCheck = _check });
        var api = sidecar["health"];
        await Eventually.TrueAsync(() => _asked.Contains("GET /well "), "probed, without the token of the app");

        Assert.Equal(204, await StatusAsync(api, "/v1.0/healthz"));
        Assert.DoesNotContain(_asked, one => one.Contains("/dapr/", StringComparison.Ordinal));
        using (var unwell = await _http.GetAsync(new Uri(api.HttpEndpoint, "/v1.0/invoke/health/method/hello")))
        {
            Assert.Equal(500, (int)unwell.StatusCode);
            Assert.Contains("app is not in a healthy state", await unwell.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        _isWell = true;
        await PublishAsync(api, "1");
        await Eventually.TrueAsync(() => Events == 1, "brought once it is well");
        Assert.Equal(200, await StatusAsync(api, "/v1.0/invoke/health/method/hello"));
        Assert.Equal("done", await api.CallAsync("Counter/1", "do"));

        _isWell = false;
        await Eventually.TrueAsync(async () => await StatusAsync(api, "/v1.0/invoke/health/method/hello") == 500, "taken for unwell");
        await PublishAsync(api, "2");
        using var nobody = await api.ActorAsync("PUT", "Counter/1/method/do");
        Assert.Equal(500, (int)nobody.StatusCode);
        Assert.Equal(1, Events);

        _isWell = true;
        await Eventually.TrueAsync(() => Events == 2, "brought when it is well again");
        Assert.Equal("done", await api.CallAsync("Counter/1", "do"));
        Assert.Single(_asked, one => one == "GET /dapr/subscribe secret");
    }

    [Fact]
    public async Task Metadata_tells_how_it_is_asked()
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "health", AppPort = 1, HealthCheck = new AppHealthCheck() });
        using var grpc = new GrpcWire(sidecar["health"].GrpcEndpoint);

        var told = (await grpc.UnaryAsync<GetMetadataResponse>("/dapr.proto.runtime.v1.Dapr/GetMetadata", new GetMetadataRequest())).AppConnectionProperties.Health;
        using var json = JsonDocument.Parse(await _http.GetStringAsync(new Uri(sidecar["health"].HttpEndpoint, "/v1.0/metadata")));

        Assert.Equal(("/healthz", "5s", "500ms", 3), (told.HealthCheckPath, told.HealthProbeInterval, told.HealthProbeTimeout, told.HealthThreshold));
        Assert.Equal(
            """{"healthCheckPath":"/healthz","healthProbeInterval":"5s","healthProbeTimeout":"500ms","healthThreshold":3}""",
            json.RootElement.GetProperty("appConnectionProperties").GetProperty("health").GetRawText());
    }

    [Fact]
    public async Task A_run_file_says_how_with_the_numbers_of_daprd()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dapr.yaml"), """
            version: 1
            common: { enableAppHealthCheck: true, appHealthProbeInterval: 7 }
            apps:
              - { appID: a, appDirPath: ., appHealthCheckPath: /alive, appHealthProbeTimeout: 250, appHealthThreshold: 0 }
              - { appID: b, appDirPath: ., appHealthProbeTimeout: 8000 }
            """);

        var refused = Assert.Throws<EmbeddedSidecar.Components.SidecarConfigurationException>(() => RunFile.Read(folder));
        await File.WriteAllTextAsync(Path.Combine(folder, "dapr.yaml"), (await File.ReadAllTextAsync(Path.Combine(folder, "dapr.yaml"))).Replace("8000", "0", StringComparison.Ordinal));
        var apps = RunFile.Read(folder);
        Directory.Delete(folder, recursive: true);

        Assert.Contains("appHealthProbeTimeout", refused.Message, StringComparison.Ordinal);
        Assert.Equal(new AppHealthCheck { Path = "/alive", Interval = TimeSpan.FromSeconds(7), Timeout = TimeSpan.FromMilliseconds(250) }, apps[0].HealthCheck);
        Assert.Equal(new AppHealthCheck { Interval = TimeSpan.FromSeconds(7) }, apps[1].HealthCheck);
    }

    private int Events => _asked.Count(one => one == "POST /in secret");

    private async Task AnswerAsync(HttpContext http)
    {
        _asked.Enqueue($"{http.Request.Method} {http.Request.Path} {http.Request.Headers["dapr-api-token"]}");
        http.Response.StatusCode = http.Request.Path == "/well" && !_isWell ? 503 : 200;
        await http.Response.WriteAsync(http.Request.Path.Value switch
        {
            "/dapr/config" => """{"entities":["Counter"]}""",
            "/dapr/subscribe" => """[{"pubsubname":"pubsub","topic":"watched","route":"/in"}]""",
            "/in" => "",
            _ => "done",
        });
    }

    private static async Task<int> StatusAsync(SidecarPorts api, string path)
    {
        using var answer = await _http.GetAsync(new Uri(api.HttpEndpoint, path));
        return (int)answer.StatusCode;
    }

    private static async Task PublishAsync(SidecarPorts api, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync(new Uri(api.HttpEndpoint, "/v1.0/publish/pubsub/watched"), body);
        Assert.True(answer.IsSuccessStatusCode);
    }
}
