using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dapr.Actors.Communication;

/// <summary>Bodies of typed calls: one object whose fields are the arguments, or the result, inside an envelope.</summary>
internal abstract class BodyFormat
{
    /// <summary>An actor without <c>UseJsonSerialization</c> speaks binary XML.</summary>
    public static BodyFormat For(bool useJson, JsonSerializerOptions options) => useJson ? new JsonBodyFormat(options) : XmlBodyFormat.Instance;

    public abstract byte[] Write(object body);

    /// <summary>The body, null if there is none.</summary>
    public abstract object? Read(byte[] bytes, Type type);
}

/// <summary><c>{"value":{"argument":1}}</c></summary>
internal sealed class JsonBodyFormat(JsonSerializerOptions options) : BodyFormat
{
    private readonly JsonSerializerOptions _options = new(options) { IncludeFields = true };

    public override byte[] Write(object body) => JsonSerializer.SerializeToUtf8Bytes(new Envelope { Value = body }, _options);

    public override object? Read(byte[] bytes, Type type)
    {
        if (bytes.Length == 0)
        {
            return null;
        }

        var envelope = JsonSerializer.Deserialize<JsonElement>(bytes, _options);
        return envelope.ValueKind == JsonValueKind.Object && envelope.TryGetProperty("value", out var value)
            ? value.Deserialize(type, _options)
            : throw new JsonException("The body is no object with a 'value'.");
    }

    private sealed class Envelope
    {
        [JsonPropertyName("value")]
        public object? Value { get; init; }
    }
}
