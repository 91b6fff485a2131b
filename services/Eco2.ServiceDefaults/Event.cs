using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

#pragma warning disable CA1000 // BindAsync is the framework's hook and must be static on the type it binds.
namespace Eco2.ServiceDefaults;

/// <summary>One message from a topic, as a parameter of a subscription's endpoint: <c>POST /events/...</c> with a cloud event.
/// What cannot be read is dropped to the dead-letter topic, since delivering it again would not mend it.</summary>
/// <param name="Id">Id of the cloud event.</param>
/// <param name="Data">What was published.</param>
/// <param name="TraceParent">The trace it belongs to, null if it says none.</param>
public sealed record Event<T>(string Id, T Data, string? TraceParent = null) : IEndpointParameterMetadataProvider
{
    /// <summary>Called by the framework for an endpoint with a parameter of this type.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(DeliverySize.Limit);

    /// <summary>Called by the framework for a parameter of this type.</summary>
    public static async ValueTask<Event<T>> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var json = context.RequestServices.GetRequiredService<WireJson>().Options;
        try
        {
            using var envelope = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return Envelope.Read<T>(envelope.RootElement, json);
        }
        catch (JsonException e)
        {
            throw new PoisonMessageException(e.Message);
        }
    }
}

/// <summary>Several messages from one topic, for a subscription with bulk delivery; each entry gets its own answer.
/// A sidecar that delivers one by one is understood too.</summary>
/// <param name="Entries">What could be read.</param>
/// <param name="Unreadable">Entry ids that are dropped.</param>
public sealed record EventBatch<T>(IReadOnlyList<EventBatch<T>.Entry> Entries, IReadOnlyList<string> Unreadable) : IEndpointParameterMetadataProvider
{
    /// <summary>Called by the framework for an endpoint with a parameter of this type.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) => builder.Metadata.Add(DeliverySize.Limit);

    /// <param name="EntryId">What the sidecar calls it.</param>
    /// <param name="Event">The message.</param>
    public sealed record Entry(string EntryId, Event<T> Event);

    /// <summary>Called by the framework for a parameter of this type.</summary>
    public static async ValueTask<EventBatch<T>> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var json = context.RequestServices.GetRequiredService<WireJson>().Options;
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var root = body.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("entries", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                return new EventBatch<T>([new Entry("", Envelope.Read<T>(root, json))], []);
            }

            var entries = new List<Entry>(list.GetArrayLength());
            var unreadable = new List<string>();
            foreach (var item in list.EnumerateArray())
            {
                var id = item.GetProperty("entryId").GetString() ?? "";
                try
                {
                    entries.Add(new Entry(id, Envelope.Read<T>(item.GetProperty("event"), json)));
                }
                catch (Exception e) when (e is JsonException or KeyNotFoundException)
                {
                    unreadable.Add(id);
                }
            }

            return new EventBatch<T>(entries, unreadable);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new PoisonMessageException(e.Message);
        }
    }

    /// <summary>Answers the batch: every entry is done, but for those <paramref name="retry"/> wants again and those nobody can read.</summary>
    public BulkAnswer Answer(Func<Entry, bool>? retry = null) => new(
    [
        .. Entries.Select(e => new BulkAnswer.Status(e.EntryId, retry?.Invoke(e) == true ? "RETRY" : "SUCCESS")),
        .. Unreadable.Select(id => new BulkAnswer.Status(id, "DROP")),
    ]);
}

/// <summary>What the sidecar wants to hear about a batch.</summary>
/// <param name="Statuses">One per entry; one without a status would come again.</param>
public sealed record BulkAnswer([property: JsonPropertyName("statuses")] IReadOnlyList<BulkAnswer.Status> Statuses)
{
    /// <param name="EntryId">Which entry.</param>
    /// <param name="Outcome">SUCCESS, RETRY or DROP.</param>
    public sealed record Status(
        [property: JsonPropertyName("entryId")] string EntryId,
        [property: JsonPropertyName("status")] string Outcome);
}

/// <summary>What the sidecar wants to hear about one message.</summary>
/// <param name="Outcome">SUCCESS, RETRY or DROP.</param>
public sealed record EventAnswer([property: JsonPropertyName("status")] string Outcome)
{
    /// <summary>Handled.</summary>
    public static readonly EventAnswer Success = new("SUCCESS");

    /// <summary>Deliver it again later.</summary>
    public static readonly EventAnswer Retry = new("RETRY");

    /// <summary>Never deliver it again; keep it in the dead-letter topic.</summary>
    public static readonly EventAnswer Drop = new("DROP");
}

/// <summary>A message that no retry can mend.</summary>
public sealed class PoisonMessageException(string message) : Exception(message);

/// <summary>The sidecar decides how much it brings at once: a hundred messages are larger than what a person may send.</summary>
internal sealed class DeliverySize : IRequestSizeLimitMetadata
{
    public static readonly DeliverySize Limit = new();

    public long? MaxRequestBodySize => Eco2Defaults.MaxMessageBytes;
}

internal static class Envelope
{
    public static Event<T> Read<T>(JsonElement envelope, JsonSerializerOptions json)
    {
        if (envelope.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("A message must be a JSON object.");
        }

        // Without an envelope (a raw message) the body is the data.
        var wrapped = envelope.TryGetProperty("specversion", out _);
        var data = wrapped ? Data(envelope) : envelope;
        return new Event<T>(
            wrapped ? Text(envelope, "id") ?? "" : "",
            data.Deserialize<T>(json) ?? throw new JsonException("The message holds nothing."),
            wrapped ? Text(envelope, "traceparent") : null);
    }

    private static string? Text(JsonElement envelope, string member) =>
        envelope.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Data(JsonElement envelope)
    {
        if (envelope.TryGetProperty("data", out var data))
        {
            return data;
        }

        if (envelope.TryGetProperty("data_base64", out var encoded) && encoded.TryGetBytesFromBase64(out var bytes))
        {
            var reader = new Utf8JsonReader(bytes);
            return JsonElement.ParseValue(ref reader);
        }

        throw new JsonException("The message has no data.");
    }
}
