using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Invoke;

/// <summary>Service invocation between the apps of this process.</summary>
internal sealed class InvokeBlock : IBuildingBlock
{
    private readonly AppDirectory _apps = new();

    public void MapHttp(HttpRoutes routes)
    {
        routes.Others = new InvokeHttp(_apps).InvokeAsync;
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        routes.MapUnary("/dapr.proto.runtime.v1.Dapr/InvokeService", InvokeServiceRequest.Parser, new InvokeGrpc(_apps).InvokeAsync);
        routes.Proxy = new GrpcProxy(_apps);
    }

    public Task AppLoadedAsync(AppInstance app, CancellationToken ct)
    {
        _apps.Add(app);
        return Task.CompletedTask;
    }
}
