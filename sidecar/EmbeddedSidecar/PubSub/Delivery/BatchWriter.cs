using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Writes the request body of a batch. The events inside are copied, not parsed again.</summary>
internal static class BatchWriter
{
    private static readonly JsonWriterOptions _format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Write(string id, DeliveredBatch batch, IReadOnlyList<BatchEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + entries.Sum(entry => entry.Payload.Length + 256));
        using var json = new Utf8JsonWriter(buffer, _format);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "com.dapr.event.sent.bulk");
        json.WriteString("topic"u8, batch.Topic);
        json.WriteString("pubsubname"u8, batch.Component);
        json.WriteStartObject("metadata"u8);
        json.WriteString("pubsubName"u8, batch.Component);
        json.WriteEndObject();
        json.WriteStartArray("entries"u8);
        foreach (var entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("entryId"u8, entry.Id);
            if (batch.IsRaw)
            {
                json.WriteBase64String("event"u8, entry.Payload.Span);
                json.WriteString("contentType"u8, MediaTypes.Bytes);
            }
            else
            {
                json.WritePropertyName("event"u8);
                json.WriteRawValue(entry.Payload.Span, skipInputValidation: true);
                json.WriteString("contentType"u8, MediaTypes.CloudEvent);
            }

            json.WriteStartObject("metadata"u8);
            foreach (var (name, value) in entry.Message.Metadata)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
