using EmbeddedSidecar.Apps;

namespace Eco2.Testing;

/// <summary>
/// The sidecars of the apps of a test, as ECO2_RUNTIME says: embedded in this process, or a daprd for each app. The settings of an app mean the
/// same in both; an app whose port is not known yet says <c>AwaitsAppPort = true</c> and is attached later.
/// </summary>
public abstract class AppSidecars : IAsyncDisposable
{
    /// <summary>In the order of the settings; replicas of an app each have their own.</summary>
    public abstract IReadOnlyList<AppSidecar> Apps { get; }

    /// <summary>The first sidecar of an app.</summary>
    public AppSidecar this[string appId] => Apps.FirstOrDefault(app => app.AppId == appId) ?? throw new KeyNotFoundException($"No app \"{appId}\" has a sidecar here.");

    /// <param name="resources">YAML documents: components, subscriptions, resiliency. Their scopes say which app has what.</param>
    /// <param name="apps">Whose sidecars. Tokens, variables and limits are those of the first: on daprd all have them alike.</param>
    public static async Task<AppSidecars> StartAsync(string resources, params AppSettings[] apps) =>
        EcoRun.OnDaprd ? await DaprdSidecars.StartAsync(resources, apps) : new EmbeddedSidecars(await SidecarFixture.StartAsync(resources, apps));

    public abstract ValueTask DisposeAsync();
}

/// <summary>One sidecar and where it listens.</summary>
/// <param name="AppId">The Dapr app id.</param>
/// <param name="HttpPort">Of its HTTP API, on loopback.</param>
/// <param name="GrpcPort">Of its gRPC API, on loopback.</param>
public abstract record AppSidecar(string AppId, int HttpPort, int GrpcPort)
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(EcoRun.OnDaprd ? 120 : 30);

    public string HttpEndpoint => $"http://127.0.0.1:{HttpPort}";

    public string GrpcEndpoint => $"http://127.0.0.1:{GrpcPort}";

    /// <summary>Tells where the app listens, again if it moved, and waits until its sidecar has found it.</summary>
    public abstract Task AttachAsync(int port);
}

internal sealed class EmbeddedSidecars(SidecarFixture sidecar) : AppSidecars
{
    public override IReadOnlyList<AppSidecar> Apps { get; } = [.. sidecar.Host.Apps.Select(app => new Embedded(app.Embedded))];

    public override ValueTask DisposeAsync() => sidecar.DisposeAsync();

    private sealed record Embedded(EmbeddedSidecar.Hosting.SidecarApp App) : AppSidecar(App.AppId, App.HttpPort, App.GrpcPort)
    {
        public override async Task AttachAsync(int port)
        {
            App.AttachApp(port);
            await App.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(Patience);
        }
    }
}
