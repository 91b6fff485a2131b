using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Hosting;

/// <summary>One served app instance, as seen from outside.</summary>
public sealed class SidecarApp
{
    private readonly AppInstance _app;
    private readonly AppWatcher _watcher;

    internal SidecarApp(AppInstance app, AppWatcher watcher) => (_app, _watcher) = (app, watcher);

    /// <summary>The Dapr app id.</summary>
    public string AppId => _app.AppId;

    /// <summary>Port of the HTTP API.</summary>
    public int HttpPort => _app.HttpPort;

    /// <summary>Port of the gRPC API.</summary>
    public int GrpcPort => _app.GrpcPort;

    /// <summary>Port of the metrics, or null when there are none.</summary>
    public int? MetricsPort => _app.MetricsPort;

    /// <summary>Address of the HTTP API, for DAPR_HTTP_ENDPOINT.</summary>
    public Uri HttpEndpoint => new($"http://{_app.Settings.ListenAddress}:{HttpPort}");

    /// <summary>Address of the gRPC API, for DAPR_GRPC_ENDPOINT.</summary>
    public Uri GrpcEndpoint => new($"http://{_app.Settings.ListenAddress}:{GrpcPort}");

    /// <summary>Tells where the app listens, when that was not known at start. The sidecar then finds it as at start.</summary>
    public void AttachApp(int port) => _watcher.Attach(port);

    /// <summary>Waits until the app was found and its subscriptions run: the moment /v1.0/healthz turns green.</summary>
    public Task WaitUntilReadyAsync(CancellationToken ct) => _watcher.Ready.WaitAsync(ct);

    internal AppInstance Instance => _app;
}
