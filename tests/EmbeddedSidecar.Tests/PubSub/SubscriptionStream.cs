using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Tests.Workflows.Wire;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>The client's side of SubscribeTopicEventsAlpha1.</summary>
internal static class SubscriptionStream
{
    public static Task<GrpcStream<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>> OpenAsync(Uri address, SubscribeTopicEventsRequestInitialAlpha1 wanted) =>
        GrpcStream<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>.OpenAsync(
            address, "/dapr.proto.runtime.v1.Dapr/SubscribeTopicEventsAlpha1", new SubscribeTopicEventsRequestAlpha1 { InitialRequest = wanted });

    public static Task AnswerAsync(
        this GrpcStream<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> stream, string id, TopicEventResponse.Types.TopicEventResponseStatus status) =>
        stream.SendAsync(new() { EventProcessed = new() { Id = id, Status = new TopicEventResponse { Status = status } } });
}
