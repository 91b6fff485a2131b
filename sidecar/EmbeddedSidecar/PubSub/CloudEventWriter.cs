using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.PubSub;

/// <summary>What daprd knows about a message when it makes the envelope.</summary>
internal sealed record PublishedEvent(string AppId, string Component, string Topic, string? MediaType, ReadOnlyMemory<byte> Data)
{
    public string TraceParent { get; init; } = "";

    public string TraceState { get; init; } = "";

    /// <summary>Request metadata: <c>cloudevent.*</c> overrides, <c>ttlInSeconds</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The broker lets messages expire by itself, so the envelope says nothing of it.</summary>
    public bool BrokerKeepsTime { get; init; }

    public TimeSpan? Life => BrokerKeepsTime ? null : MessageTtl.Of(Metadata);
}

/// <summary>Makes the CloudEvents that go to the broker, member by member as daprd does.</summary>
internal sealed class CloudEventWriter(TimeProvider clock)
{
    private const string DefaultType = "com.dapr.event.sent";
    private const string DefaultSource = "Dapr";
    private const string SpecVersion = "1.0";

    // The output is never put into a web page, so Korean text may stay readable on the broker.
    private static readonly JsonWriterOptions _format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <exception cref="JsonException">The data says it is a CloudEvent and is not a JSON object.</exception>
    public byte[] Write(PublishedEvent message) =>
        MediaTypes.IsCloudEvent(message.MediaType) ? Complete(message) : Wrap(message);

    /// <summary>What a subscriber with <c>rawPayload</c> gets: nothing is known about the bytes but where they came from.</summary>
    public byte[] WrapRaw(ReadOnlyMemory<byte> data, string component, string topic, IReadOnlyDictionary<string, string>? metadata) =>
        Object((data.Length * 4 / 3) + 512, json =>
        {
            json.WriteString("id"u8, NewId());
            json.WriteString("specversion"u8, SpecVersion);
            json.WriteString("datacontenttype"u8, MediaTypes.Bytes);
            json.WriteString("source"u8, DefaultSource);
            json.WriteString("type"u8, DefaultType);
            json.WriteString("topic"u8, topic);
            json.WriteString("pubsubname"u8, component);
            if (metadata is not null)
            {
                var parent = metadata.GetValueOrDefault("traceparent");
                Optional(json, "traceid", parent ?? metadata.GetValueOrDefault("traceid"));
                Optional(json, "traceparent", parent);
                Optional(json, "tracestate", metadata.GetValueOrDefault("tracestate"));
            }

            json.WriteBase64String("data_base64"u8, data.Span);
        });

    private byte[] Wrap(PublishedEvent message) =>
        Object(message.Data.Length + 768, json =>
        {
            var mediaType = string.IsNullOrEmpty(message.MediaType) ? MediaTypes.PlainText : message.MediaType;

            // One traceparent under two names; an override of either reaches both, traceparent before traceid.
            var trace = Override(message, "traceparent") ?? Override(message, "traceid") ?? message.TraceParent;
            json.WriteString("id"u8, Override(message, "id") ?? NewId());
            json.WriteString("source"u8, Override(message, "source") ?? message.AppId);
            json.WriteString("type"u8, Override(message, "type") ?? DefaultType);
            json.WriteString("specversion"u8, SpecVersion);
            json.WriteString("datacontenttype"u8, mediaType);
            json.WriteString("topic"u8, message.Topic);
            json.WriteString("pubsubname"u8, message.Component);
            json.WriteString("time"u8, Now(TimeSpan.Zero));
            json.WriteString("traceid"u8, trace);
            json.WriteString("traceparent"u8, trace);
            json.WriteString("tracestate"u8, Override(message, "tracestate") ?? message.TraceState);
            Optional(json, "subject", Override(message, "subject"));
            Expiration(json, message);
            Data(json, mediaType, message.Data);
        });

    private byte[] Complete(PublishedEvent message)
    {
        using var document = GoJson.Parse(message.Data);
        var given = document.RootElement;
        if (given.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("a CloudEvent is a JSON object");
        }

        var hasTrace = given.TryGetProperty("traceid", out _);
        var expires = message.Life is not null;
        return Object(message.Data.Length + 512, json =>
        {
            foreach (var member in given.EnumerateObject())
            {
                var replaced = member.Name switch
                {
                    "topic" or "pubsubname" => true,
                    "source" or "type" or "specversion" => member.Value.ValueKind == JsonValueKind.Null,
                    "traceparent" => !hasTrace,
                    "expiration" => expires,
                    _ => false,
                };
                if (!replaced)
                {
                    json.WritePropertyName(member.Name);
                    json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
                }
            }

            json.WriteString("topic"u8, message.Topic);
            json.WriteString("pubsubname"u8, message.Component);
            Default(json, given, "source", DefaultSource);
            Default(json, given, "type", DefaultType);
            Default(json, given, "specversion", SpecVersion);
            if (!given.TryGetProperty("time", out _))
            {
                json.WriteString("time"u8, Now(TimeSpan.Zero));
            }

            if (!hasTrace)
            {
                json.WriteString("traceid"u8, message.TraceParent);
                json.WriteString("traceparent"u8, message.TraceParent);
            }

            if (!given.TryGetProperty("tracestate", out _))
            {
                json.WriteString("tracestate"u8, message.TraceState);
            }

            Expiration(json, message);
        });
    }

    private static void Data(Utf8JsonWriter json, string mediaType, ReadOnlyMemory<byte> data)
    {
        if (MediaTypes.IsJson(mediaType) && IsOneJsonValue(data.Span))
        {
            // Not parsed and written again: numbers stay exact and nothing is copied twice.
            json.WritePropertyName("data"u8);
            json.WriteRawValue(data.Span, skipInputValidation: true);
        }
        else if (MediaTypes.IsBytes(mediaType))
        {
            json.WriteBase64String("data_base64"u8, data.Span);
        }
        else
        {
            json.WriteString("data"u8, Encoding.UTF8.GetString(data.Span));
        }
    }

    private static bool IsOneJsonValue(ReadOnlySpan<byte> data)
    {
        if (!Utf8.IsValid(data))
        {
            return false;
        }

        try
        {
            var reader = GoJson.Reader(data);
            var any = false;
            while (reader.Read())
            {
                any = true;
            }

            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Expiration(Utf8JsonWriter json, PublishedEvent message)
    {
        if (message.Life is { } life)
        {
            json.WriteString("expiration"u8, Now(life));
        }
    }

    private static string? Override(PublishedEvent message, string member)
    {
        foreach (var (name, value) in message.Metadata)
        {
            if (value.Length > 0
                && name.Length == member.Length + 11
                && name.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase)
                && name.EndsWith(member, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static void Default(Utf8JsonWriter json, JsonElement given, string name, string value)
    {
        if (!given.TryGetProperty(name, out var member) || member.ValueKind == JsonValueKind.Null)
        {
            json.WriteString(name, value);
        }
    }

    private static byte[] Object(int sizeHint, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(sizeHint);
        using (var json = new Utf8JsonWriter(buffer, _format))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private string NewId() => Guid.CreateVersion7(clock.GetUtcNow()).ToString();

    // RFC 3339 without a fraction, as daprd writes it.
    private string Now(TimeSpan later) =>
        clock.GetUtcNow().Add(later).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
