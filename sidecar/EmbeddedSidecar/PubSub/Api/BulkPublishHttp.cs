using System.Text;
using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.PubSub.Api;

/// <summary>POST /v1.0/publish/bulk/{pubsub}/{topic}, and the same under v1.0-alpha1.</summary>
internal static class BulkPublishHttp
{
    public static void Map(HttpRoutes routes)
    {
        routes.Map("POST PUT", "/v1.0/publish/bulk/{pubsub}/{*topic}", HandleAsync);
        routes.Map("POST PUT", "/v1.0-alpha1/publish/bulk/{pubsub}/{*topic}", HandleAsync);
    }

    private static async Task HandleAsync(ApiCall call)
    {
        var topic = Uri.UnescapeDataString(call.Args[1]);
        var component = call.App.Part<AppPubSub>().Component(call.Args[0], topic);
        var metadata = call.Metadata();
        if (!RawPayload.TryRead(metadata, out var isRaw, out var complaint))
        {
            throw PubSubErrors.BadMetadata(component.Name, complaint!);
        }

        var messages = Read(await call.BodyAsync(), call.App.AppId, component.Name, topic, metadata);
        var failed = await BulkPublish.RunAsync(call.App, component, topic, isRaw, messages, call.Http.Request.Headers, overHttp: true, call.Aborted);
        if (failed.Count == 0)
        {
            call.NoContent();
            return;
        }

        await call.JsonAsync(
            json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("failedEntries"u8);
                foreach (var entry in failed)
                {
                    json.WriteStartObject();
                    json.WriteString("entryId"u8, entry.EntryId);
                    json.WriteString("error"u8, entry.Error);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteString("errorCode"u8, "ERR_PUBSUB_PUBLISH_MESSAGE"u8);
                json.WriteEndObject();
            },
            StatusCodes.Status500InternalServerError);
    }

    private static List<BulkMessage> Read(byte[] body, string appId, string component, string topic, Dictionary<string, string> common)
    {
        try
        {
            using var document = GoJson.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw PubSubErrors.BadBulk(appId, component, topic, "the body is not a JSON array");
            }

            return [.. document.RootElement.EnumerateArray().Select(entry => Entry(entry, appId, component, topic, common))];
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw PubSubErrors.BadBulk(appId, component, topic, broken.Message);
        }
    }

    private static BulkMessage Entry(JsonElement entry, string appId, string component, string topic, Dictionary<string, string> common)
    {
        var mediaType = Text(entry, "contentType");
        var metadata = new Dictionary<string, string>(common, StringComparer.OrdinalIgnoreCase);
        if (entry.TryGetMember("metadata", out var own) && own.ValueKind != JsonValueKind.Null)
        {
            foreach (var pair in own.EnumerateObject())
            {
                metadata[pair.Name] = pair.Value.GetString() ?? "";
            }
        }

        var data = entry.TryGetMember("event", out var message) ? Bytes(message, mediaType) : null;
        return new BulkMessage(
            Text(entry, "entryId") ?? "",
            data ?? throw PubSubErrors.BadEvent(appId, component, topic, "error: mismatch between contentType and event"),
            mediaType,
            metadata);
    }

    private static string? Text(JsonElement entry, string name) => entry.TryGetMember(name, out var value) ? value.GetString() : null;

    // The bytes that the media type promises, or null when the event is something else.
    private static byte[]? Bytes(JsonElement message, string? mediaType)
    {
        var isText = message.ValueKind == JsonValueKind.String;
        return MediaTypes.IsBytes(mediaType) ? (isText && message.TryGetBytesFromBase64(out var bytes) ? bytes : null)
            : MediaTypes.IsText(mediaType) ? (isText ? Encoding.UTF8.GetBytes(message.GetString()!) : null)
            : MediaTypes.IsJson(mediaType) || MediaTypes.IsCloudEvent(mediaType) ? Encoding.UTF8.GetBytes(message.GetRawText())
            : null;
    }
}
