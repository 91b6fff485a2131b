using System.Text;
using Google.Protobuf;

namespace EmbeddedSidecar.Api;

/// <summary>Bodies that are a message of the gRPC API in protobuf's JSON: lowerCamelCase or the names of the .proto, unknown members ignored.</summary>
internal static class ProtobufJson
{
    private static readonly JsonParser _parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>The body as a message; an empty body is an empty message.</summary>
    /// <exception cref="DaprException">It is no such message: 400.</exception>
    public static async ValueTask<T> ReadAsync<T>(ApiCall call)
        where T : IMessage, new()
    {
        var body = await call.BodyAsync();
        try
        {
            return body.Length == 0 ? new T() : _parser.Parse<T>(Encoding.UTF8.GetString(body));
        }
        catch (Exception broken) when (broken is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException or FormatException)
        {
            throw DaprException.Malformed($"failed deserializing HTTP body: {broken.Message}");
        }
    }

    /// <summary>Answers 200 with the message.</summary>
    public static Task AnswerAsync(ApiCall call, IMessage message, JsonFormatter formatter) =>
        call.BytesAsync(Encoding.UTF8.GetBytes(formatter.Format(message)), "application/json");
}
