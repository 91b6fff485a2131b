using System.Net;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

public sealed class SidecarHostTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Health_is_red_until_the_app_is_found_and_outbound_health_is_green_before()
    {
        await using var app = await TestApp.StartAsync(_ => Task.CompletedTask);
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app", AwaitsAppPort = true });

        using var early = await GetAsync(sidecar, "/v1.0/healthz");
        using var outbound = await GetAsync(sidecar, "/v1.0/healthz/outbound");
        sidecar["app"].AttachApp(app.Port);
        await sidecar.WaitUntilReadyAsync();
        using var ready = await GetAsync(sidecar, "/v1.0/healthz?appid=app");
        using var other = await GetAsync(sidecar, "/v1.0/healthz?appid=other");

        Assert.Equal(HttpStatusCode.InternalServerError, early.StatusCode);
        Assert.Contains("ERR_HEALTH_NOT_READY", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, outbound.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, ready.StatusCode);
        Assert.Contains("ERR_HEALTH_APPID_NOT_MATCH", await other.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_names_the_app_its_components_and_what_was_put_there()
    {
        await using var sidecar = await SidecarFixture.StartAsync(SidecarFixture.InMemory, new AppSettings { AppId = "app" });

        using var content = new StringContent("4711");
        using var put = await Http.PutAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/metadata/appPID"), content);
        using var json = JsonDocument.Parse(await Http.GetStringAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/metadata/")));

        var root = json.RootElement;
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        Assert.Equal("app", root.GetProperty("id").GetString());
        Assert.Equal("4711", root.GetProperty("extended").GetProperty("appPID").GetString());
        Assert.Equal(root.GetProperty("runtimeVersion").GetString(), root.GetProperty("extended").GetProperty("daprRuntimeVersion").GetString());
        Assert.Contains(
            root.GetProperty("components").EnumerateArray(),
            component => component.GetProperty("type").GetString() == "state.in-memory" && component.GetProperty("capabilities").GetArrayLength() > 0);
    }

    [Theory]
    [InlineData("/v1.0/nothing/here", HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE")]
    [InlineData("/v1.0/secrets/s/k", HttpStatusCode.InternalServerError, "ERR_SECRET_STORES_NOT_CONFIGURED")]
    [InlineData("/v1.0/state/s/k", HttpStatusCode.InternalServerError, "ERR_STATE_STORE_NOT_CONFIGURED")]
    public async Task What_is_not_there_is_said_in_the_error_form(string path, HttpStatusCode status, string code)
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app" });

        using var response = await GetAsync(sidecar, path);

        Assert.Equal(status, response.StatusCode);
        Assert.Contains(code, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shutdown_ends_the_sidecar_of_one_app_and_the_host_when_it_was_the_last()
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "one" }, new AppSettings { AppId = "two" });

        using var first = await Http.PostAsync(new Uri(sidecar["one"].HttpEndpoint, "/v1.0/shutdown"), null);
        using var alive = await Http.GetAsync(new Uri(sidecar["two"].HttpEndpoint, "/v1.0/healthz"));
        Assert.False(sidecar.Host.Stopped.IsCompleted);
        using var last = await Http.PostAsync(new Uri(sidecar["two"].HttpEndpoint, "/v1.0/shutdown"), null);
        await sidecar.Host.Stopped.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, alive.StatusCode);
    }

    [Fact]
    public async Task Secrets_are_given_within_the_scopes_of_the_configuration()
    {
        const string configuration = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: scopes }
            spec:
              secrets: { scopes: [{ storeName: env, defaultAccess: deny, allowedSecrets: [OPEN] }] }

            """;
        await using var sidecar = await SidecarFixture.StartAsync(
            configuration + SidecarFixture.Component("env", "secretstores.local.env", "prefix: T_"),
            new AppSettings { AppId = "app", Environment = new Dictionary<string, string> { ["T_OPEN"] = "비밀", ["T_SHUT"] = "x" } });

        using var open = await GetAsync(sidecar, "/v1.0/secrets/env/OPEN");
        using var shut = await GetAsync(sidecar, "/v1.0/secrets/env/SHUT");
        using var bulk = await GetAsync(sidecar, "/v1.0/secrets/env/bulk");
        using var unknown = await GetAsync(sidecar, "/v1.0/secrets/other/OPEN");

        using var json = JsonDocument.Parse(await open.Content.ReadAsStringAsync());
        Assert.Equal("비밀", json.RootElement.GetProperty("OPEN").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, shut.StatusCode);
        Assert.DoesNotContain("SHUT", await bulk.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
    }

    private static Task<HttpResponseMessage> GetAsync(SidecarFixture sidecar, string path) =>
        Http.GetAsync(new Uri(sidecar["app"].HttpEndpoint, path));
}
