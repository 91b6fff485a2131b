using System.Text.Json;

namespace Dapr.Common.Serialization;

/// <summary>From values to text and back.</summary>
public interface IDaprSerializer
{
    /// <summary>A value as text; empty for null.</summary>
    string Serialize<T>(T value);

    /// <summary>A value as text, as the given type or its own; empty for null.</summary>
    string Serialize(object? value, Type? inputType = null);

    /// <summary>A value from text; default for null or empty text.</summary>
    T? Deserialize<T>(string? data);

    /// <summary>A value from text; null for null or empty text.</summary>
    object? Deserialize(string? data, Type returnType);
}

/// <summary>JSON by System.Text.Json.</summary>
public class JsonDaprSerializer : IDaprSerializer
{
    private static readonly JsonSerializerOptions Defaults = new(JsonSerializerDefaults.Web) { IncludeFields = true };
    private readonly JsonSerializerOptions _options;

    /// <summary>Web defaults, and fields as well as properties.</summary>
    public JsonDaprSerializer()
        : this(Defaults)
    {
    }

    /// <summary>As the options say.</summary>
    public JsonDaprSerializer(JsonSerializerOptions options) =>
        _options = options ?? throw new ArgumentNullException(nameof(options));

    /// <inheritdoc/>
    public string Serialize<T>(T value) => value is null ? "" : JsonSerializer.Serialize(value, _options);

    /// <inheritdoc/>
    public string Serialize(object? value, Type? inputType = null) =>
        value is null ? "" : JsonSerializer.Serialize(value, inputType ?? value.GetType(), _options);

    /// <inheritdoc/>
    public T? Deserialize<T>(string? data) => string.IsNullOrEmpty(data) ? default : JsonSerializer.Deserialize<T>(data, _options);

    /// <summary>A value as UTF-8; empty for null.</summary>
    public byte[] SerializeToUtf8Bytes<T>(T value) => value is null ? [] : JsonSerializer.SerializeToUtf8Bytes(value, _options);

    /// <summary>A value from UTF-8; default for nothing.</summary>
    public T? DeserializeFromUtf8Bytes<T>(ReadOnlySpan<byte> utf8Json) =>
        utf8Json.IsEmpty ? default : JsonSerializer.Deserialize<T>(utf8Json, _options);

    /// <inheritdoc/>
    public object? Deserialize(string? data, Type returnType) =>
        string.IsNullOrEmpty(data) ? null : JsonSerializer.Deserialize(data, returnType, _options);
}
