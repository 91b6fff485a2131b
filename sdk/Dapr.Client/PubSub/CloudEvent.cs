#nullable disable
using System.Text.Json.Serialization;

namespace Dapr;

/// <summary>Parts of a cloud event that a publisher may choose.</summary>
public class CloudEvent
{
    /// <summary>Who sent it.</summary>
    [JsonPropertyName("source")]
    public Uri Source { get; init; }

    /// <summary>What kind of event it is.</summary>
    [JsonPropertyName("type")]
    public string Type { get; init; }

    /// <summary>What it is about.</summary>
    [JsonPropertyName("subject")]
    public string Subject { get; init; }
}

/// <summary>A cloud event with data; published as it is.</summary>
public class CloudEvent<TData>(TData data) : CloudEvent
{
    /// <summary>The data.</summary>
    public TData Data { get; } = data;

    /// <summary>Always JSON.</summary>
    [JsonPropertyName("datacontenttype")]
    public string DataContentType { get; } = "application/json";
}
