using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

/// <summary>What does not start in its time stops the start, or with ignoreErrors is left out while everything else works.</summary>
public sealed class ComponentStartTests
{
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData("state.redis", "redisHost: 127.0.0.1:1")]
    [InlineData("state.redis", "redisHost: 127.0.0.1:1", "noSuchSetting: 1")]
    [InlineData("state.mongodb", "host: nowhere")]
    public async Task A_store_that_cannot_start_is_as_if_it_were_not_there(string type, params string[] settings)
    {
        await using var sidecar = await SidecarFixture.StartAsync(
            Ignored("broken", type, settings) + SidecarFixture.Component("good", "state.in-memory"), new AppSettings { AppId = "app" });

        using var refused = await Http.GetAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/state/broken/k"));
        using var found = await Http.GetAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/state/good/k"));
        var metadata = await Http.GetFromJsonAsync<JsonElement>(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/metadata"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("ERR_STATE_STORE_NOT_FOUND", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, found.StatusCode);
        Assert.Equal(["good"], metadata.GetProperty("components").EnumerateArray().Select(component => component.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_broker_that_cannot_start_takes_its_subscriptions_with_it()
    {
        const string subscription = """
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: s }
            spec: { pubsubname: broken, topic: t, routes: { default: /t } }

            """;
        await using var app = await TestApp.StartAsync(_ => Task.CompletedTask);
        await using var sidecar = await SidecarFixture.StartAsync(
            Ignored("broken", "pubsub.redis", "redisHost: 127.0.0.1:1") + SidecarFixture.Component("good", "pubsub.in-memory") + subscription,
            new AppSettings { AppId = "app", AppPort = app.Port });
        await sidecar.WaitUntilReadyAsync();

        using var refused = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/publish/broken/t"), JsonContent.Create(1));

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains("ERR_PUBSUB_NOT_FOUND", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_has_its_init_timeout_and_no_longer()
    {
        // It accepts, and says nothing.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var resources = SidecarFixture.Component("slow", "state.redis", $"redisHost: {silent.LocalEndpoint}", "redisPassword: p")
            .Replace("  version: v1\n", "  version: v1\n  initTimeout: 300ms\n", StringComparison.Ordinal);
        var clock = TimeProvider.System.GetTimestamp();

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(resources, new AppSettings { AppId = "app" }));

        Assert.Contains("it did not open in time", refused.Message, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(clock), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(4));
    }

    private static string Ignored(string name, string type, params string[] settings) =>
        SidecarFixture.Component(name, type, settings).Replace("  version: v1\n", "  version: v1\n  ignoreErrors: true\n", StringComparison.Ordinal);
}
