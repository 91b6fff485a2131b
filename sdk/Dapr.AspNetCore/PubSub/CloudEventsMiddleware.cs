using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dapr.AspNetCore;

/// <summary>
/// Unwraps requests of type application/cloudevents+json: 1. reads the envelope; 2. refuses one with both data and data_base64;
/// 3. sets body, type and, if asked for, headers from it; 4. runs the pipeline; 5. puts body and type back.
/// </summary>
internal sealed class CloudEventsMiddleware(RequestDelegate next, CloudEventsMiddlewareOptions options)
{
    private const string Json = "application/json";
    private const string HeaderPrefix = "Cloudevent.";
    private static readonly string[] NeverHeaders = ["data", "data_base64", "datacontenttype", "pubsubname", "traceparent"];

    public Task InvokeAsync(HttpContext context) =>
        IsCloudEvent(context, out var encoding) ? UnwrapAsync(context, encoding) : next(context);

    private static bool IsCloudEvent(HttpContext context, [NotNullWhen(true)] out Encoding? encoding)
    {
        encoding = null;
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || !type.MediaType.StartsWith("application/cloudevents+json", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        encoding = type.Encoding ?? Encoding.UTF8;
        return true;
    }

    private async Task UnwrapAsync(HttpContext context, Encoding encoding)
    {
        using var envelope = await ReadAsync(context, encoding).ConfigureAwait(false);
        var data = Property(envelope.RootElement, "data");
        var base64 = Property(envelope.RootElement, "data_base64");
        if (data is not null && base64 is not null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var declared = Property(envelope.RootElement, "datacontenttype") is { ValueKind: JsonValueKind.String } named ? named.GetString() : null;
        var (body, type) = Payload(data, base64, declared);
        if (options.ForwardCloudEventPropertiesAsHeaders)
        {
            AddHeaders(context, envelope.RootElement);
        }

        var (originalBody, originalType) = (context.Request.Body, context.Request.ContentType);
        try
        {
            context.Request.Body = new MemoryStream(body, writable: false);
            context.Request.ContentType = type;
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            context.Request.ContentType = originalType;
            context.Request.Body = originalBody;
        }
    }

    private static async Task<JsonDocument> ReadAsync(HttpContext context, Encoding encoding)
    {
        if (encoding is UTF8Encoding)
        {
            return await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
        }

        var transcoded = Encoding.CreateTranscodingStream(context.Request.Body, encoding, Encoding.UTF8, leaveOpen: true);
        await using (transcoded.ConfigureAwait(false))
        {
            return await JsonDocument.ParseAsync(transcoded, default, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private (byte[] Body, string? Type) Payload(JsonElement? data, JsonElement? base64, string? declared)
    {
        if (base64 is { } bytes)
        {
            return (bytes.GetBytesFromBase64(), declared ?? Json);
        }

        if (data is not { } value)
        {
            return ([], null);
        }

        if (value.ValueKind == JsonValueKind.String && !IsJson(declared))
        {
            return options.SuppressJsonDecodingOfTextPayloads
                ? (JsonSerializer.SerializeToUtf8Bytes(value), declared)
                : (Encoding.UTF8.GetBytes(value.GetString()!), declared);
        }

        return (JsonSerializer.SerializeToUtf8Bytes(value), WithoutCharset(declared) ?? Json);
    }

    private static bool IsJson(string? declared)
    {
        if (declared is null)
        {
            return true;
        }

        return MediaTypeHeaderValue.TryParse(declared, out var type)
            && (type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
    }

    // The body is UTF-8 now, whatever the envelope's author wrote.
    private static string? WithoutCharset(string? declared)
    {
        if (declared is null || !MediaTypeHeaderValue.TryParse(declared, out var type))
        {
            return declared;
        }

        type.Charset = default;
        return type.ToString();
    }

    private static JsonElement? Property(JsonElement envelope, string name)
    {
        if (envelope.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in envelope.EnumerateObject())
            {
                if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return property.Value;
                }
            }
        }

        return null;
    }

    [SuppressMessage("Globalization", "CA1308", Justification = "The header's name is lower case by contract.")]
    private void AddHeaders(HttpContext context, JsonElement envelope)
    {
        foreach (var property in envelope.EnumerateObject())
        {
            if (ShallForward(property.Name))
            {
                var text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : property.Value.GetRawText();
                context.Request.Headers[HeaderPrefix + property.Name.ToLowerInvariant()] = text?.Trim('\"');
            }
        }
    }

    private bool ShallForward(string name)
    {
        if (NeverHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        if (options.IncludedCloudEventPropertiesAsHeaders is { } included)
        {
            return included.Contains(name, StringComparer.OrdinalIgnoreCase);
        }

        return options.ExcludedCloudEventPropertiesFromHeaders?.Contains(name, StringComparer.OrdinalIgnoreCase) != true;
    }
}
