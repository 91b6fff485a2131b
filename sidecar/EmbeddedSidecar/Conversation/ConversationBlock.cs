using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Conversation;

/// <summary>The conversation API, both alpha versions, over HTTP and gRPC.</summary>
internal sealed class ConversationBlock : IBuildingBlock
{
    public void AddComponents(ComponentRegistry types)
    {
        types.Add("conversation.echo", _ => new EchoConversation());
        types.Add("conversation.openai", context => new OpenAiConversation(context));
    }

    public void MapHttp(HttpRoutes routes)
    {
        routes.Map("POST", "/v1.0-alpha1/conversation/{name}/converse", async call =>
        {
            var request = await ProtobufJson.ReadAsync<ConversationRequest>(call);
            request.Name = call.Args[0];
            await ProtobufJson.AnswerAsync(call, await ConversationApi.ConverseAlpha1Async(call.App, request, call.Aborted));
        });
        routes.Map("POST", "/v1.0-alpha2/conversation/{name}/converse", async call =>
        {
            var request = await ProtobufJson.ReadAsync<ConversationRequestAlpha2>(call);
            request.Name = call.Args[0];
            await ProtobufJson.AnswerAsync(call, await ConversationApi.ConverseAlpha2Async(call.App, request, call.Aborted));
        });
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        const string service = "/dapr.proto.runtime.v1.Dapr/";
        routes.MapUnary(service + "ConverseAlpha1", ConversationRequest.Parser, (call, request) => ConversationApi.ConverseAlpha1Async(call.App, request, call.Aborted));
        routes.MapUnary(service + "ConverseAlpha2", ConversationRequestAlpha2.Parser, (call, request) => ConversationApi.ConverseAlpha2Async(call.App, request, call.Aborted));
    }
}
