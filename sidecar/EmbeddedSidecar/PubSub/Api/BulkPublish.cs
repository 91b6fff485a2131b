using System.Diagnostics;
using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.PubSub.Api;

/// <summary>One message of a bulk publish.</summary>
internal sealed record BulkMessage(string EntryId, ReadOnlyMemory<byte> Data, string? MediaType, IReadOnlyDictionary<string, string> Metadata);

/// <param name="Error">Why the broker did not take it.</param>
internal sealed record FailedEntry(string EntryId, string Error);

/// <summary>What bulk publish over HTTP and over gRPC have in common.</summary>
internal static class BulkPublish
{
    /// <summary>Publishes all messages at once and waits for each; the order on the broker may differ.</summary>
    /// <returns>Those the broker did not take.</returns>
    /// <exception cref="DaprException">The call as a whole is refused.</exception>
    public static async Task<IReadOnlyList<FailedEntry>> RunAsync(
        AppInstance app, PubSubComponent component, string topic, bool isRaw, IReadOnlyList<BulkMessage> messages, IHeaderDictionary headers, bool overHttp, CancellationToken ct)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        if (!messages.All(message => message.EntryId.Length > 0 && ids.Add(message.EntryId)))
        {
            throw PubSubErrors.BadEntryIds(app.AppId, component.Name, topic);
        }

        if (!component.Broker.Scopes.MayPublish(topic))
        {
            throw PubSubErrors.Forbidden(component.Name, topic, app.AppId);
        }

        ApiSpans.Publishes(topic);
        var began = app.Metrics?.Now ?? 0;
        var writer = new CloudEventWriter(app.Services.Clock);
        var ready = messages
            .Select(message => new MessageToPublish(isRaw ? message.Data : Envelope(writer, app, component, topic, message, headers), message.Metadata))
            .ToList();
        var errors = await component.PublishManyAsync(topic, ready, overHttp, ct);
        List<FailedEntry> failed = [.. messages.Zip(errors).Where(one => one.Second is not null).Select(one => new FailedEntry(one.First.EntryId, one.Second!))];
        app.Metrics?.BatchPublished(component.Name, topic, failed.Count == 0, messages.Count - failed.Count, began);
        return failed;
    }

    private static ReadOnlyMemory<byte> Envelope(
        CloudEventWriter writer, AppInstance app, PubSubComponent component, string topic, BulkMessage message, IHeaderDictionary headers)
    {
        // Each message is a span of its own.
        using var span = app.Tracer?.StartChild(Activity.Current?.DisplayName ?? topic, ActivityKind.Producer);
        try
        {
            return writer.Write(new PublishedEvent(app.AppId, component.Name, topic, message.MediaType, message.Data)
            {
                TraceParent = TraceParent.Next(headers[TraceParent.Header]),
                TraceState = headers["tracestate"].ToString(),
                Metadata = message.Metadata,
                BrokerKeepsTime = component.KeepsTime,
            });
        }
        catch (JsonException broken)
        {
            throw PubSubErrors.NoCloudEvent(app.AppId, component.Name, broken);
        }
    }
}
