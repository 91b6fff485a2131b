using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Hosting;

/// <summary>Which port a connection came in by. Set on the connection, found on each request.</summary>
internal sealed record SidecarEndpoint(AppInstance App, bool IsGrpc);
