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
            || !type.MediaType.Equals("application/cloudevents+json", StringComparison.Ordinal))
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
        var (type, isJson) = DataType(declared);
        if (base64 is { } bytes)
        {
            return (bytes.GetBytesFromBase64(), type);
        }

        if (data is not { } value)
        {
            return ([], null);
        }

        var isText = value.ValueKind == JsonValueKind.String && !isJson && !options.SuppressJsonDecodingOfTextPayloads;
        return (isText ? Encoding.UTF8.GetBytes(value.GetString()!) : JsonSerializer.SerializeToUtf8Bytes(value), type);
    }

    // What is not said, or not a media type, is JSON. Only application/json is JSON by its name: a string under any other type, also one
    // that ends in +json, is text. The body is UTF-8 now, so that a charset goes.
    private static (string Type, bool IsJson) DataType(string? declared)
    {
        if (declared is null || !MediaTypeHeaderValue.TryParse(declared, out var type))
        {
            return (Json, true);
        }

        var isJson = type.MediaType.Equals(Json, StringComparison.Ordinal);
        if (!declared.Contains("charset", StringComparison.Ordinal))
        {
            return (declared, isJson);
        }

        type.Charset = default;
        return (type.ToString(), isJson);
    }

    private static JsonElement? Property(JsonElement envelope, string name)
    {
        foreach (var property in envelope.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
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
                // As it stands in the envelope, escapes and all; a header that is there already stays.
                context.Request.Headers.TryAdd(HeaderPrefix + property.Name.ToLowerInvariant(), property.Value.GetRawText().Trim('"'));
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
