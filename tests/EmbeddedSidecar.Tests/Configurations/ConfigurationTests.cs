using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Redis;
using EmbeddedSidecar.Tests.PubSub;
using Xunit;

namespace EmbeddedSidecar.Tests.Configurations;

public sealed class ConfigurationTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task A_change_is_heard_also_after_the_server_was_restarted()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var writer = await RedisFixture.ConnectAsync(redis);
        var told = new ConcurrentQueue<string>();
        await using var app = await TestApp.StartAsync(async http =>
        {
            if (http.Request.Path.StartsWithSegments("/configuration", StringComparison.Ordinal))
            {
                using var body = await JsonDocument.ParseAsync(http.Request.Body);
                told.Enqueue(http.Request.Path + " " + body.RootElement.GetProperty("items").GetRawText());
            }
            else
            {
                http.Response.StatusCode = 404;
            }
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("settings", "configuration.redis", $"redisHost: {redis.Host}"), new AppSettings { AppId = "app", AppPort = app.Port });
        await sidecar.WaitUntilReadyAsync();
        await EventsOnAsync(writer);
        var id = await Http.GetFromJsonAsync<JsonElement>(Url(sidecar, "settings/subscribe?key=a"));

        await writer.SendAsync("SET", "a", "one||1");
        await UntilAsync(() => told.Contains("/configuration/settings/a {\"a\":{\"value\":\"one\",\"version\":\"1\"}}"), "the change is told");

        await redis.RestartAsync();
        await EventsOnAsync(writer);
        await Eventually.TrueAsync(
            async () =>
            {
                await writer.SendAsync("SET", "a", "two");
                return told.Contains("/configuration/settings/a {\"a\":{\"value\":\"two\"}}");
            },
            "a change after the restart is told",
            TimeSpan.FromSeconds(30),
            CancellationToken.None);
        using var unsubscribed = await Http.GetAsync(Url(sidecar, $"settings/{id.GetProperty("id").GetString()}/unsubscribe"));
        Assert.Equal(HttpStatusCode.OK, unsubscribed.StatusCode);
    }

    [Fact]
    public async Task A_server_that_is_away_is_an_error()
    {
        var redis = await RedisServer.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("settings", "configuration.redis", $"redisHost: {redis.Host}", "dialTimeout: 200ms"), new AppSettings { AppId = "app" });
        await redis.DisposeAsync();

        using var answer = await Http.GetAsync(Url(sidecar, "settings?key=a"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("\"errorCode\":\"ERR_CONFIGURATION_GET\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Uri Url(SidecarFixture sidecar, string path) => new(sidecar["app"].HttpEndpoint, "/v1.0/configuration/" + path);

    private static async Task EventsOnAsync(RespConnection redis) => (await redis.SendAsync("CONFIG", "SET", "notify-keyspace-events", "KA")).OrThrow();

    private static Task UntilAsync(Func<bool> condition, string what) =>
        Eventually.TrueAsync(() => Task.FromResult(condition()), what, TimeSpan.FromSeconds(30), CancellationToken.None);
}
