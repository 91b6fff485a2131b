using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.PubSub.Api;

/// <summary>POST /v1.0/publish/{pubsub}/{topic}.</summary>
internal static class PublishHttp
{
    public static void Map(HttpRoutes routes)
    {
        routes.Map("POST PUT", "/v1.0/publish/{pubsub}/{*topic}", HandleAsync);
    }

    private static async Task HandleAsync(ApiCall call)
    {
        // The last parameter comes as it was sent, because a topic may contain slashes.
        var topic = Uri.UnescapeDataString(call.Args[1]);
        ApiSpans.Publishes(topic);
        var component = call.App.Part<AppPubSub>().Component(call.Args[0], topic);
        var metadata = call.Metadata();
        if (!RawPayload.TryRead(metadata, out var isRaw, out var complaint))
        {
            throw PubSubErrors.BadMetadata(component.Name, complaint!);
        }

        ReadOnlyMemory<byte> data = await call.BodyAsync();
        if (!isRaw)
        {
            data = Envelope(call, component, topic, data, metadata);
        }

        await component.PublishAsync(topic, data, metadata, overHttp: true, call.Aborted);
        call.NoContent();
    }

    private static byte[] Envelope(ApiCall call, PubSubComponent component, string topic, ReadOnlyMemory<byte> data, Dictionary<string, string> metadata)
    {
        var headers = call.Http.Request.Headers;
        try
        {
            return new CloudEventWriter(call.App.Services.Clock).Write(
                new PublishedEvent(call.App.AppId, component.Name, topic, headers.ContentType, data)
                {
                    TraceParent = TraceParent.Next(headers[TraceParent.Header]),
                    TraceState = headers["tracestate"].ToString(),
                    Metadata = metadata,
                    BrokerKeepsTime = component.KeepsTime,
                });
        }
        catch (JsonException broken)
        {
            throw PubSubErrors.NoCloudEvent(call.App.AppId, component.Name, broken);
        }
    }
}
