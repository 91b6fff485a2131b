using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Hosting;

/// <summary>What a port is for.</summary>
internal enum SidecarPort
{
    Http,
    Grpc,
    Metrics,
}

/// <summary>Which port a connection came in by. Set on the connection, found on each request.</summary>
internal sealed record SidecarEndpoint(AppInstance App, SidecarPort Port);
