using System.Diagnostics;
using System.Text.Json.Serialization;
using Dapr;

namespace Eco2.ServiceDefaults.Telemetry;

/// <summary>Lets the trace of a request go on in the messages it caused, also where many messages share one call.</summary>
public static class MessageTrace
{
    /// <summary>Name of the source of its spans.</summary>
    public const string SourceName = "eco2.messaging";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the handling of one message; what is called and logged until the result is disposed belongs to the message's trace.</summary>
    /// <param name="topic">Where it came from.</param>
    /// <param name="traceParent">The message's, as W3C writes it; null or unreadable: nothing begins.</param>
    public static Activity? Begin(string topic, string? traceParent)
    {
        if (!ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent))
        {
            return null;
        }

        // Whether somebody listens or not, the trace's id must reach what this message causes; tags are for listeners alone.
        return Source.StartActivity($"process {topic}", ActivityKind.Consumer, parent)
                ?.SetTag("messaging.destination.name", topic).SetTag("messaging.operation.type", "process")
            ?? new Activity($"process {topic}").SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
    }

    /// <summary>A message of this app at this moment, in the trace that is under way.</summary>
    public static TracedEvent<T> Wrap<T>(T data, ServiceIdentity service, TimeProvider clock, string? traceParent) =>
        Wrap(data, service, Guid.CreateVersion7(clock.GetUtcNow()), traceParent);

    /// <summary>A message that has its id already, and keeps it however often it is published.</summary>
    public static TracedEvent<T> Wrap<T>(T data, ServiceIdentity service, Guid id, string? traceParent) => new(data)
    {
        Id = id.ToString("D"),
        Source = new Uri(service.Name, UriKind.Relative),
        TraceParent = traceParent,
    };
}

/// <summary>A message that brings its own id and trace, since a call that publishes many of them has only one.</summary>
/// <param name="data">The contract.</param>
public sealed class TracedEvent<T>(T data) : CloudEvent<T>(data)
{
    /// <summary>Id of the message.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Trace that it belongs to; null: the sidecar begins one.</summary>
    [JsonPropertyName("traceparent")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    /// <summary>The same: where this member is missing, Dapr puts the trace of the call in the place of both.</summary>
    [JsonPropertyName("traceid")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId => TraceParent;
}
