using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.ServiceDefaults;

/// <summary>Times on the wire: UTC with Z, in milliseconds. A database keeps microseconds and the clock gives more; a time that comes
/// back from a store must read like the one that went in.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[24];
        value.UtcDateTime.TryFormat(text, out var length, Format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
