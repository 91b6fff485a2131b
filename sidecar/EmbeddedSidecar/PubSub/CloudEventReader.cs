using System.Globalization;
using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.PubSub;

/// <summary>The few members of a CloudEvent that delivery itself looks at. Members of another type than text are as absent.</summary>
internal readonly record struct CloudEventReader(string? Id, string? TraceParent, string? TraceState, DateTimeOffset? Expiration)
{
    /// <summary>Reads an event in one pass over its bytes.</summary>
    /// <returns>False when the bytes are not one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out CloudEventReader found)
    {
        found = default;
        string? id = null, traceParent = null, traceId = null, traceState = null, expiration = null;
        var reader = GoJson.Reader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    id = Text(ref reader);
                }
                else if (reader.ValueTextEquals("traceparent"u8))
                {
                    traceParent = Text(ref reader);
                }
                else if (reader.ValueTextEquals("traceid"u8))
                {
                    traceId = Text(ref reader);
                }
                else if (reader.ValueTextEquals("tracestate"u8))
                {
                    traceState = Text(ref reader);
                }
                else if (reader.ValueTextEquals("expiration"u8))
                {
                    expiration = Text(ref reader);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            // Nothing may follow the object.
            if (reader.Read())
            {
                return false;
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // The second is what the reader throws for text that is not UTF-8.
            return false;
        }

        found = new CloudEventReader(id, traceParent ?? traceId, traceState, Time(expiration));
        return true;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    // RFC 3339, as daprd writes it; in any other writing it is none.
    private static DateTimeOffset? Time(string? text) =>
        text is { Length: >= 20 }
        && (text[4], text[7], text[10], text[13], text[16]) is ('-', '-', 'T', ':', ':')
        && (text[^1] == 'Z' || (text[^3], text[^6]) is (':', '+' or '-'))
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
}
