using Eco2.Testing;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>Sidecars that have found the actors of their apps.</summary>
internal static class ActorSidecar
{
    /// <summary>A store for actors that ends with its sidecar.</summary>
    public static readonly string InMemory = SidecarFixture.Component("state", "state.in-memory", "actorStateStore: true");

    public static Task<SidecarFixture> StartAsync(ActorApp app, params AppSettings[] others) =>
        StartAsync(InMemory, [new AppSettings { AppId = "app", AppPort = app.Port, AppToken = "apptoken", MetricsPort = 0 }, .. others]);

    public static async Task<SidecarFixture> StartAsync(string resources, params AppSettings[] apps)
    {
        var sidecar = await SidecarFixture.StartAsync(resources, apps);
        await sidecar.WaitUntilReadyAsync();
        return sidecar;
    }
}
