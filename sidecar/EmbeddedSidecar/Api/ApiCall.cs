using System.Buffers;
using System.Text.Json;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Http.Features;

namespace EmbeddedSidecar.Api;

/// <summary>One call of the HTTP API: request, app, path parameters, and the usual ways to read and answer.</summary>
internal sealed class ApiCall(HttpContext http, AppInstance app, string[] args)
{
    private const string MetadataPrefix = "metadata.";

    public HttpContext Http { get; } = http;

    public AppInstance App { get; } = app;

    /// <summary>The path parameters in the order of the pattern.</summary>
    public string[] Args { get; } = args;

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>A query parameter, or null.</summary>
    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Request metadata from the query: ?metadata.ttlInSeconds=60 is ttlInSeconds=60.</summary>
    public Dictionary<string, string> Metadata()
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!Http.Request.QueryString.HasValue)
        {
            return metadata;
        }

        foreach (var (name, values) in Http.Request.Query)
        {
            if (name.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
            {
                metadata[name[MetadataPrefix.Length..]] = values.Count > 0 ? values[0] ?? "" : "";
            }
        }

        return metadata;
    }

    /// <summary>The whole request body.</summary>
    public async ValueTask<byte[]> BodyAsync()
    {
        try
        {
            var reader = Http.Request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync(Aborted);
                if (read.IsCompleted)
                {
                    var bytes = read.Buffer.ToArray();
                    reader.AdvanceTo(read.Buffer.End);
                    return bytes;
                }

                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException unreadable)
        {
            throw new DaprException("ERR_BODY_READ", unreadable.StatusCode, Grpc.StatusCode.InvalidArgument, unreadable.Message, unreadable);
        }
    }

    /// <summary>The request body as JSON. An empty body is an error.</summary>
    public async ValueTask<JsonDocument> JsonBodyAsync()
    {
        var bytes = await BodyAsync();
        try
        {
            return GoJson.Parse(bytes);
        }
        catch (JsonException broken)
        {
            throw DaprException.Malformed($"failed deserializing HTTP body: {broken.Message}");
        }
    }

    public void NoContent() => Http.Response.StatusCode = StatusCodes.Status204NoContent;

    /// <summary>Answers bytes.</summary>
    public async Task BytesAsync(ReadOnlyMemory<byte> body, string? contentType, int status = 200)
    {
        Http.Response.StatusCode = status;
        if (contentType is not null)
        {
            Http.Response.ContentType = contentType;
        }

        Http.Response.ContentLength = body.Length;
        await Http.Response.BodyWriter.WriteAsync(body, Aborted);
    }

    /// <summary>Answers JSON that the caller writes.</summary>
    public Task JsonAsync(Action<Utf8JsonWriter> write, int status = 200) => BytesAsync(Json(write).WrittenMemory, "application/json", status);

    /// <summary>The same with a line end, as Go's encoder writes where Dapr answers an object of its own instead of a message of gRPC.</summary>
    public Task JsonLineAsync(Action<Utf8JsonWriter> write, int status = 200)
    {
        var buffer = Json(write);
        buffer.Write("\n"u8);
        return BytesAsync(buffer.WrittenMemory, "application/json", status);
    }

    /// <summary>Sets the largest body this request may have; only before it is read.</summary>
    public void LimitBody(long? bytes)
    {
        if (Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytes;
        }
    }

    private static ArrayBufferWriter<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer;
    }
}
