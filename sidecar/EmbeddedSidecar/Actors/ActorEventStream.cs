using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Actors;

/// <summary>SubscribeActorEventsAlpha1: an app without a port, or one that speaks gRPC, hosts actors by opening a stream, until it closes it.</summary>
internal static class ActorEventStream
{
    public static void Map(GrpcRoutes routes, Action joined) =>
        routes.MapDuplex<SubscribeActorEventsRequestAlpha1, SubscribeActorEventsResponseAlpha1>(
            "/dapr.proto.runtime.v1.Dapr/SubscribeActorEventsAlpha1",
            SubscribeActorEventsRequestAlpha1.Parser,
            (call, reader, writer) => HandleAsync(call, reader, writer, joined));

    private static async Task HandleAsync(
        GrpcCall call,
        GrpcReader<SubscribeActorEventsRequestAlpha1> reader,
        GrpcWriter<SubscribeActorEventsResponseAlpha1> writer,
        Action joined)
    {
        if (call.App.Channel.IsConfigured && !call.App.Settings.IsGrpcApp)
        {
            throw new GrpcException(StatusCode.FailedPrecondition, "actor callback streaming requires a gRPC app channel");
        }

        var initial = (await reader.ReadAsync(call.Aborted))?.InitialRequest
            ?? throw new GrpcException(StatusCode.InvalidArgument, "first message must be SubscribeActorEventsRequestInitialAlpha1");
        var actors = call.App.Part<AppActors>();
        if (!actors.MayHost)
        {
            throw ActorErrors.NoStore();
        }

        var types = ActorConfiguration.Read(initial);
        foreach (var type in types.Keys)
        {
            ActorErrors.CheckType(type);
        }

        using var transport = new StreamActorTransport(writer, call.Aborted);
        var host = new ActorHost(Guid.CreateVersion7(call.App.Services.Clock.GetUtcNow()), call.App, transport, types);
        await writer.WriteAsync(new SubscribeActorEventsResponseAlpha1 { InitialResponse = new() }, call.Aborted);
        actors.Runtime.Join(host);
        joined();
        try
        {
            while (await reader.ReadAsync(call.Aborted) is { } answer)
            {
                transport.Answered(answer);
            }
        }
        finally
        {
            // Nobody will answer any more.
            transport.Close();
            await actors.Runtime.LeaveAsync(host, reachable: false);
        }
    }
}
