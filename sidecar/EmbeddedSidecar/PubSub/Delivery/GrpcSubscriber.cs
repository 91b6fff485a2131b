using Dapr.AppCallback.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Delivers to an app that speaks gRPC: OnTopicEvent, and OnBulkTopicEvent or its Alpha1 form.</summary>
internal sealed partial class GrpcSubscriber(AppInstance app, ILogger log) : ISubscriber
{
    private readonly AppCallback _callback = new(app);

    public async ValueTask<Answer> DeliverAsync(Delivered message, CancellationToken ct)
    {
        var request = TopicEvents.Read(message);
        try
        {
            var reply = await _callback.CallAsync(
                AppCallback.Service + "OnTopicEvent", request, TopicEventResponse.Parser, Metadata(message.Header, message.Component, message.Metadata), ct);
            return reply.Message.Status switch
            {
                Status.Success => new Answer(Verdict.Success, 0),
                Status.Drop => new Answer(Verdict.Drop, 0),
                var other => throw new DeliveryException($"{other} status returned from app while processing pub/sub event {request.Id}"),
            };
        }
        catch (GrpcException refused)
        {
            return refused.Code == StatusCode.Unimplemented ? Unknown(request.Id) : throw Failed(refused);
        }
        catch (HttpRequestException unreachable)
        {
            throw Failed(unreachable);
        }
    }

    public async ValueTask<BulkAnswer> DeliverBulkAsync(DeliveredBatch batch, CancellationToken ct)
    {
        var request = new TopicEventBulkRequest
        {
            Id = Guid.CreateVersion7(app.Services.Clock.GetUtcNow()).ToString(),
            Topic = batch.Topic,
            PubsubName = batch.Component,
            Path = batch.Path,
            Type = "com.dapr.event.sent.bulk",
        };
        request.Entries.Add(batch.Entries.Select(entry => Entry(batch, entry)));
        try
        {
            var reply = await _callback.CallEitherAsync(
                "OnBulkTopicEvent",
                "OnBulkTopicEventAlpha1",
                request,
                TopicEventBulkResponse.Parser,
                Metadata(batch.Entries[0].Header, batch.Component, batch.Entries[0].Message.Metadata),
                ct);
            var verdicts = new Dictionary<string, Verdict>(StringComparer.Ordinal);
            foreach (var one in reply.Message.Statuses)
            {
                verdicts[one.EntryId] = one.Status switch { Status.Success => Verdict.Success, Status.Drop => Verdict.Drop, _ => Verdict.Retry };
            }

            return new BulkAnswer(0, verdicts);
        }
        catch (GrpcException refused)
        {
            return refused.Code == StatusCode.Unimplemented
                ? new BulkAnswer(0, batch.Entries.ToDictionary(entry => entry.Id, _ => Unknown(request.Id).Verdict))
                : throw Failed(refused);
        }
        catch (HttpRequestException unreachable)
        {
            throw Failed(unreachable);
        }
    }

    private static TopicEventBulkRequestEntry Entry(DeliveredBatch batch, BatchEntry entry)
    {
        var read = new TopicEventBulkRequestEntry { EntryId = entry.Id, ContentType = batch.IsRaw ? MediaTypes.Bytes : MediaTypes.CloudEvent };
        foreach (var (name, value) in entry.Message.Metadata)
        {
            read.Metadata[name] = value;
        }

        if (batch.IsRaw)
        {
            read.Bytes = Google.Protobuf.ByteString.CopyFrom(entry.Payload.Span);
            return read;
        }

        var one = TopicEvents.Read(new Delivered(batch.Component, batch.Topic, batch.Path, entry.Payload, entry.Header, entry.Message.Metadata));
        read.CloudEvent = new TopicEventCERequest
        {
            Id = one.Id,
            Source = one.Source,
            Type = one.Type,
            SpecVersion = one.SpecVersion,
            DataContentType = one.DataContentType,
            Data = one.Data,
            Extensions = one.Extensions,
        };
        return read;
    }

    private static IEnumerable<KeyValuePair<string, string>> Metadata(CloudEventReader header, string component, IReadOnlyDictionary<string, string> metadata)
    {
        yield return new("pubsubname", component);
        yield return new(TraceParent.Header, TraceParent.Next(header.TraceParent ?? metadata.GetValueOrDefault(TraceParent.Header)));
        if ((header.TraceState ?? metadata.GetValueOrDefault("tracestate")) is { Length: > 0 } state)
        {
            yield return new("tracestate", state);
        }

        foreach (var (name, value) in metadata)
        {
            if (name.ToUpperInvariant() is not ("TRACEPARENT" or "TRACESTATE" or "PUBSUBNAME") && Invoke.ReservedHeaders.AsMetadata(name) is { } key)
            {
                yield return new(key, value);
            }
        }
    }

    private Answer Unknown(string id)
    {
        NotImplemented(log, app.AppId, id);
        return new Answer(Verdict.Ignore, 0);
    }

    private static DeliveryException Failed(Exception cause) =>
        new($"error returned from app while processing pub/sub event: {cause.Message}", cause, (cause as GrpcException)?.Code ?? StatusCode.Unavailable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} does not implement the delivery of pub/sub events: {EventId} is dropped")]
    private static partial void NotImplemented(ILogger log, string appId, string eventId);
}
