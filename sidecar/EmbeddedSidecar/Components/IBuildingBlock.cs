using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Components;

/// <summary>
/// One building block of Dapr (state, pub/sub, workflow ...): its component types, its routes, and what it does over the life of an
/// app. One object serves all apps of a process; what belongs to one app hangs on the <see cref="AppInstance"/> as a part.
/// </summary>
internal interface IBuildingBlock
{
    /// <summary>Adds the component types of this block.</summary>
    void AddComponents(ComponentRegistry types)
    {
    }

    /// <summary>Adds the HTTP paths of this block.</summary>
    void MapHttp(HttpRoutes routes)
    {
    }

    /// <summary>Adds the gRPC methods of this block.</summary>
    void MapGrpc(GrpcRoutes routes)
    {
    }

    /// <summary>The components of this app are open, its ports not yet: make what hangs on the app.</summary>
    Task AppLoadedAsync(AppInstance app, CancellationToken ct) => Task.CompletedTask;

    /// <summary>The app listens and has told its configuration and subscriptions. Comes again after the app was away.</summary>
    Task AppReadyAsync(AppInstance app, CancellationToken ct) => Task.CompletedTask;

    /// <summary>The app no longer listens (it crashed, or is being restarted): stop bringing it things.</summary>
    Task AppGoneAsync(AppInstance app) => Task.CompletedTask;

    /// <summary>The sidecar stops. Ports still answer; components are still open. AppGone was called before, if the app was ready.</summary>
    Task AppStoppingAsync(AppInstance app) => Task.CompletedTask;
}
