using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Api;

/// <summary>Bodies that are a message of the gRPC API in protobuf's JSON: lowerCamelCase or the names of the .proto, unknown members ignored.</summary>
internal static class ProtobufJson
{
    // What an Any in a body may be.
    private static readonly TypeRegistry _types = TypeRegistry.FromFiles(
        WrappersReflection.Descriptor, StructReflection.Descriptor, DurationReflection.Descriptor, TimestampReflection.Descriptor);

    private static readonly JsonParser _parser = new(new JsonParser.Settings(100, _types).WithIgnoreUnknownFields(true));
    private static readonly JsonFormatter _formatter = new(new JsonFormatter.Settings(false, _types));

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
    /// <param name="formatter">Null leaves out what is not set.</param>
    public static Task AnswerAsync(ApiCall call, IMessage message, JsonFormatter? formatter = null) =>
        call.BytesAsync(Encoding.UTF8.GetBytes((formatter ?? _formatter).Format(message)), "application/json");
}
