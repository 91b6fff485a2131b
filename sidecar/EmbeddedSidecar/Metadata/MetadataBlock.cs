using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Metadata;

/// <summary>What the sidecar tells about itself, whether it is ready, and how it is told to stop.</summary>
internal sealed class MetadataBlock : IBuildingBlock
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public void MapHttp(HttpRoutes routes)
    {
        routes.Map("GET", "/v1.0/metadata", call => call.JsonLineAsync(json => MetadataJson.Write(json, MetadataReply.For(call.App))));
        routes.Map("PUT", "/v1.0/metadata/{key}", SetAsync);
        routes.Map("GET", "/v1.0/healthz", HealthAsync);
        routes.Map("GET", "/v1.0/healthz/outbound", OutboundHealthAsync);
        routes.Map("POST", "/v1.0/shutdown", ShutdownAsync);
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "GetMetadata", GetMetadataRequest.Parser, (call, _) => Task.FromResult(MetadataReply.For(call.App)));
        routes.MapUnary(Service + "SetMetadata", SetMetadataRequest.Parser, (call, request) =>
        {
            call.App.ExtendedMetadata[request.Key] = request.Value;
            return Task.FromResult(new Empty());
        });
        routes.MapUnary(Service + "Shutdown", Empty.Parser, (call, _) =>
        {
            call.AfterAnswer(call.App.RequestShutdown);
            return Task.FromResult(new Empty());
        });
    }

    private static async Task SetAsync(ApiCall call)
    {
        call.App.ExtendedMetadata[call.Args[0]] = Encoding.UTF8.GetString(await call.BodyAsync());
        call.NoContent();
    }

    private static Task HealthAsync(ApiCall call)
    {
        if (!call.App.IsReady)
        {
            throw new DaprException("ERR_HEALTH_NOT_READY", 500, StatusCode.Internal, "dapr is not ready");
        }

        if (call.Query("appid") is { } appId && appId != call.App.AppId)
        {
            throw new DaprException("ERR_HEALTH_APPID_NOT_MATCH", 500, StatusCode.Internal, "dapr app-id does not match");
        }

        call.NoContent();
        return Task.CompletedTask;
    }

    // The ports only open when all components are: whoever gets an answer at all gets this one.
    private static Task OutboundHealthAsync(ApiCall call)
    {
        call.NoContent();
        return Task.CompletedTask;
    }

    private static Task ShutdownAsync(ApiCall call)
    {
        call.NoContent();
        call.Http.Response.OnCompleted(() =>
        {
            call.App.RequestShutdown();
            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }
}
