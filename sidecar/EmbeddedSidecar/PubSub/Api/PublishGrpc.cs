using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Telemetry;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.PubSub.Api;

/// <summary>PublishEvent, BulkPublishEvent and its older name.</summary>
internal static class PublishGrpc
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public static void Map(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "PublishEvent", PublishEventRequest.Parser, PublishAsync);
        routes.MapUnary(Service + "BulkPublishEvent", BulkPublishRequest.Parser, BulkAsync);
        routes.MapUnary(Service + "BulkPublishEventAlpha1", BulkPublishRequest.Parser, BulkAsync);
    }

    private static async Task<Empty> PublishAsync(GrpcCall call, PublishEventRequest request)
    {
        var component = call.App.Part<AppPubSub>().Component(request.PubsubName, request.Topic);
        var metadata = new Dictionary<string, string>(request.Metadata, StringComparer.OrdinalIgnoreCase);
        if (!RawPayload.TryRead(metadata, out var isRaw, out var complaint))
        {
            throw PubSubErrors.BadMetadata(component.Name, complaint!);
        }

        ApiSpans.Publishes(request.Topic);
        var trace = TraceParent.Next(call.Metadata[TraceParent.Header]);
        var state = call.Metadata["tracestate"].ToString();
        var data = request.Data.Memory;
        if (isRaw)
        {
            // There is no envelope to carry the trace.
            metadata["traceid"] = trace;
            metadata["tracestate"] = state;
        }
        else
        {
            try
            {
                data = new CloudEventWriter(call.App.Services.Clock).Write(
                    new PublishedEvent(call.App.AppId, component.Name, request.Topic, request.DataContentType, data)
                    {
                        TraceParent = trace, TraceState = state, Metadata = metadata, BrokerKeepsTime = component.KeepsTime,
                    });
            }
            catch (JsonException broken)
            {
                throw PubSubErrors.NoCloudEvent(call.App.AppId, component.Name, broken);
            }
        }

        await component.PublishAsync(request.Topic, data, metadata.Count > 0 ? metadata : null, overHttp: false, call.Aborted);
        return new Empty();
    }

    private static async Task<BulkPublishResponse> BulkAsync(GrpcCall call, BulkPublishRequest request)
    {
        var component = call.App.Part<AppPubSub>().Component(request.PubsubName, request.Topic);
        if (!RawPayload.TryRead(request.Metadata.AsReadOnly(), out var isRaw, out var complaint))
        {
            throw PubSubErrors.BadMetadata(component.Name, complaint!);
        }

        List<BulkMessage> messages = [.. request.Entries.Select(entry =>
        {
            var metadata = new Dictionary<string, string>(request.Metadata, StringComparer.OrdinalIgnoreCase);
            foreach (var (name, value) in entry.Metadata)
            {
                metadata[name] = value;
            }

            return new BulkMessage(entry.EntryId, entry.Event.Memory, entry.ContentType, metadata);
        })];
        var failed = await BulkPublish.RunAsync(call.App, component, request.Topic, isRaw, messages, call.Metadata, overHttp: false, call.Aborted);

        // A partial failure is an error too: official clients do not look into the answer then.
        return failed.Count == 0
            ? new BulkPublishResponse()
            : throw PubSubErrors.NotPublished(component.Name, request.Topic, new InvalidOperationException(failed[0].Error));
    }
}
