using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.PubSub.Delivery;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.PubSub.Api;

/// <summary>SubscribeTopicEventsAlpha1: an app subscribes by opening a stream, and unsubscribes by closing it.</summary>
internal static class SubscribeStream
{
    public static void Map(GrpcRoutes routes) =>
        routes.MapDuplex<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>(
            "/dapr.proto.runtime.v1.Dapr/SubscribeTopicEventsAlpha1", SubscribeTopicEventsRequestAlpha1.Parser, HandleAsync);

    private static async Task HandleAsync(
        GrpcCall call, GrpcReader<SubscribeTopicEventsRequestAlpha1> reader, GrpcWriter<SubscribeTopicEventsResponseAlpha1> writer)
    {
        var wanted = (await reader.ReadAsync(call.Aborted) ?? throw Ended()).InitialRequest
            ?? throw new GrpcException(StatusCode.Unknown, "initial request is required");
        if (wanted.PubsubName.Length == 0 || wanted.Topic.Length == 0)
        {
            throw new GrpcException(StatusCode.Unknown, $"{(wanted.PubsubName.Length == 0 ? "pubsubName" : "topic")} is required");
        }

        var spec = new SubscriptionSpec(
            "", wanted.PubsubName, wanted.Topic, [], "/", wanted.DeadLetterTopic is { Length: > 0 } dead ? dead : null,
            wanted.Metadata.AsReadOnly(), null, SubscriptionSource.Streaming, "");
        var pubSub = call.App.Part<AppPubSub>();
        var subscriber = new StreamSubscriber(writer, call.Aborted);
        var subscription = await pubSub.StartStreamAsync(spec, subscriber, call.Aborted);
        try
        {
            await subscriber.GreetAsync(call.Aborted);
            while (await reader.ReadAsync(call.Aborted) is { } message)
            {
                subscriber.Processed(message.EventProcessed
                    ?? throw new GrpcException(StatusCode.Unknown, "duplicate initial request received"));
            }

            throw Ended();
        }
        finally
        {
            // Nobody will answer any more: what is unanswered counts as failed.
            subscriber.Close();
            await pubSub.StopStreamAsync(subscription);
        }
    }

    // To daprd the end of what a client sends is an error of the stream, which it passes on.
    private static GrpcException Ended() => new(StatusCode.Unknown, "EOF");
}
