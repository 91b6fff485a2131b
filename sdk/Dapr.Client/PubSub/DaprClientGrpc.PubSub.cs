using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

internal sealed partial class DaprClientGrpc
{
    private const string Json = "application/json";
    private const string CloudEventJson = "application/cloudevents+json";

    public override Task PublishEventAsync<TData>(string pubsubName, string topicName, TData data, CancellationToken cancellationToken = default) =>
        PublishValueAsync(pubsubName, topicName, data, metadata: null, cancellationToken);

    public override Task PublishEventAsync<TData>(
        string pubsubName, string topicName, TData data, Dictionary<string, string> metadata, CancellationToken cancellationToken = default)
    {
        CheckNames(pubsubName, topicName);
        ArgumentVerifier.ThrowIfNull(data, nameof(data));
        ArgumentVerifier.ThrowIfNull(metadata, nameof(metadata));
        return PublishValueAsync(pubsubName, topicName, data, metadata, cancellationToken);
    }

    public override Task PublishEventAsync(string pubsubName, string topicName, CancellationToken cancellationToken = default)
    {
        CheckNames(pubsubName, topicName);
        return PublishAsync(pubsubName, topicName, data: null, contentType: null, metadata: null, cancellationToken);
    }

    public override Task PublishEventAsync(
        string pubsubName, string topicName, Dictionary<string, string> metadata, CancellationToken cancellationToken = default)
    {
        CheckNames(pubsubName, topicName);
        ArgumentVerifier.ThrowIfNull(metadata, nameof(metadata));
        return PublishAsync(pubsubName, topicName, data: null, contentType: null, metadata, cancellationToken);
    }

    public override Task PublishByteEventAsync(
        string pubsubName,
        string topicName,
        ReadOnlyMemory<byte> data,
        string dataContentType = Json,
        Dictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default)
    {
        CheckNames(pubsubName, topicName);
        return PublishAsync(pubsubName, topicName, ByteString.CopyFrom(data.Span), dataContentType, metadata, cancellationToken);
    }

    public override async Task<BulkPublishResponse<TValue>> BulkPublishEventAsync<TValue>(
        string pubsubName,
        string topicName,
        IReadOnlyList<TValue> events,
        Dictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default)
    {
        CheckNames(pubsubName, topicName);
        ArgumentVerifier.ThrowIfNull(events, nameof(events));
        var request = new Wire.BulkPublishRequest { PubsubName = pubsubName, Topic = topicName };
        Copy(metadata, request.Metadata);
        var sent = new Dictionary<string, BulkPublishEntry<TValue>>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            var (bytes, contentType) = events[i] switch
            {
                byte[] raw => (ByteString.CopyFrom(raw), "application/octet-stream"),
                CloudEvent => (Serialize(events[i]), CloudEventJson),
                _ => (Serialize(events[i]), Json),
            };
            var id = i.ToString(CultureInfo.InvariantCulture);
            var entry = new Wire.BulkPublishRequestEntry { EntryId = id, Event = bytes, ContentType = contentType };
            Copy(metadata, entry.Metadata);
            request.Entries.Add(entry);
            sent.Add(id, new BulkPublishEntry<TValue>(id, events[i], contentType, entry.Metadata.ToDictionary()));
        }

        var answer = await SendBulkAsync(request, cancellationToken).ConfigureAwait(false);
        return new BulkPublishResponse<TValue>(
            [.. answer.FailedEntries.Select(failed => new BulkPublishResponseFailedEntry<TValue>(sent[failed.EntryId], failed.Error))]);
    }

    private static void CheckNames(string pubsubName, string topicName)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(pubsubName, nameof(pubsubName));
        ArgumentVerifier.ThrowIfNullOrEmpty(topicName, nameof(topicName));
    }

    private Task<Empty> PublishValueAsync<TData>(
        string pubsubName, string topicName, TData data, Dictionary<string, string>? metadata, CancellationToken ct)
    {
        CheckNames(pubsubName, topicName);
        ArgumentVerifier.ThrowIfNull(data, nameof(data));
        return PublishAsync(pubsubName, topicName, Serialize(data), data is CloudEvent ? CloudEventJson : Json, metadata, ct);
    }

    private Task<Empty> PublishAsync(
        string pubsubName, string topicName, ByteString? data, string? contentType, Dictionary<string, string>? metadata, CancellationToken ct)
    {
        var request = new Wire.PublishEventRequest
        {
            PubsubName = pubsubName,
            Topic = topicName,
            Data = data ?? ByteString.Empty,
            DataContentType = data is null ? "" : contentType ?? Json,
        };
        Copy(metadata, request.Metadata);
        return CallAsync("Publish", "PublishEvent", request, Empty.Parser, ct);
    }

    private async Task<Wire.BulkPublishResponse> SendBulkAsync(Wire.BulkPublishRequest request, CancellationToken ct)
    {
        try
        {
            return await _grpc.UnaryOrAlpha1Async("BulkPublishEvent", request, Wire.BulkPublishResponse.Parser, ct).ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Failed("Bulk Publish", failure);
        }
    }
}
