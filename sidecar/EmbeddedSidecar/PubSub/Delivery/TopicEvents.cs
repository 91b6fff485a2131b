using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Turns a CloudEvent in JSON into the message that gRPC subscribers get.</summary>
internal static class TopicEvents
{
    /// <exception cref="DeliveryException">The event's data is not what its media type says.</exception>
    public static TopicEventRequest Read(Delivered message)
    {
        using var document = GoJson.Parse(message.Event);
        var request = new TopicEventRequest { Topic = message.Topic, PubsubName = message.Component, Path = message.Path };
        var extensions = new Struct();
        JsonElement? data = null, base64 = null;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "id":
                    request.Id = Text(member.Value);
                    break;
                case "source":
                    request.Source = Text(member.Value);
                    break;
                case "type":
                    request.Type = Text(member.Value);
                    break;
                case "specversion":
                    request.SpecVersion = Text(member.Value);
                    break;
                case "datacontenttype":
                    request.DataContentType = Text(member.Value);
                    break;
                case "data":
                    data = member.Value;
                    break;
                case "data_base64":
                    base64 = member.Value;
                    break;
                default:
                    extensions.Fields[member.Name] = Value.Parser.ParseJson(member.Value.GetRawText());
                    break;
            }
        }

        request.Data = Data(request, data, base64);
        request.Extensions = extensions;
        return request;
    }

    private static ByteString Data(TopicEventRequest request, JsonElement? data, JsonElement? base64)
    {
        if (base64 is { ValueKind: not JsonValueKind.Null } encoded)
        {
            return encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes)
                ? UnsafeByteOperations.UnsafeWrap(bytes)
                : throw new DeliveryException($"data_base64 of event {request.Id} is not base64");
        }

        if (data is not { ValueKind: not JsonValueKind.Null } given)
        {
            return ByteString.Empty;
        }

        if (MediaTypes.IsText(request.DataContentType))
        {
            return given.ValueKind == JsonValueKind.String
                ? ByteString.CopyFromUtf8(given.GetString()!)
                : throw new DeliveryException($"data of event {request.Id} is not a text");
        }

        // Other media types come without data, as from daprd.
        return MediaTypes.IsJson(request.DataContentType) || MediaTypes.IsCloudEvent(request.DataContentType)
            ? ByteString.CopyFromUtf8(given.GetRawText())
            : ByteString.Empty;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
