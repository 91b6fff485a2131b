using EmbeddedSidecar.Hosting;

namespace Eco2.Testing;

/// <summary>The sidecars of a test, embedded or Dapr's own.</summary>
public interface ISidecarRun : IAsyncDisposable
{
    /// <summary>In the order of the settings; replicas of an app each have their own.</summary>
    IReadOnlyList<SidecarPorts> Apps { get; }

    /// <summary>Completes when all have ended.</summary>
    Task Stopped { get; }

    /// <summary>The first instance of an app.</summary>
    SidecarPorts App(string appId) => Apps.FirstOrDefault(app => app.AppId == appId) ?? throw new KeyNotFoundException($"No app \"{appId}\" has a sidecar here.");
}

/// <summary>One sidecar and where it listens.</summary>
public abstract class SidecarPorts
{
    /// <summary>The Dapr app id.</summary>
    public abstract string AppId { get; }

    /// <summary>Port of the HTTP API.</summary>
    public abstract int HttpPort { get; }

    /// <summary>Port of the gRPC API.</summary>
    public abstract int GrpcPort { get; }

    /// <summary>Port of the metrics, or null when there are none.</summary>
    public abstract int? MetricsPort { get; }

    /// <summary>Address of the HTTP API.</summary>
    public Uri HttpEndpoint => new($"http://127.0.0.1:{HttpPort}");

    /// <summary>Address of the gRPC API.</summary>
    public Uri GrpcEndpoint => new($"http://127.0.0.1:{GrpcPort}");

    /// <summary>The insides, which only the embedded sidecar shows.</summary>
    public virtual SidecarApp Embedded => throw new NotSupportedException("This looks into the embedded sidecar.");

    /// <summary>Tells where the app listens.</summary>
    public abstract void AttachApp(int port);

    /// <summary>Waits until /v1.0/healthz turns green.</summary>
    public abstract Task WaitUntilReadyAsync(CancellationToken ct);
}

internal sealed class EmbeddedRun(SidecarHost host) : ISidecarRun
{
    public IReadOnlyList<SidecarPorts> Apps { get; } = [.. host.Apps.Select(app => new Ports(app))];

    public Task Stopped => host.Stopped;

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private sealed class Ports(SidecarApp app) : SidecarPorts
    {
        public override string AppId => app.AppId;

        public override int HttpPort => app.HttpPort;

        public override int GrpcPort => app.GrpcPort;

        public override int? MetricsPort => app.MetricsPort;

        public override SidecarApp Embedded => app;

        public override void AttachApp(int port) => app.AttachApp(port);

        public override Task WaitUntilReadyAsync(CancellationToken ct) => app.WaitUntilReadyAsync(ct);
    }
}
