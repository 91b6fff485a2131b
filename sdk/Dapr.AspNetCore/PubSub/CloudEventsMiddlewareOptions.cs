#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr;

/// <summary>How cloud events are unwrapped.</summary>
public class CloudEventsMiddlewareOptions
{
    /// <summary>Text data stays the JSON string it is in the envelope.</summary>
    public bool SuppressJsonDecodingOfTextPayloads { get; set; }

    /// <summary>Other properties of the envelope become headers named Cloudevent.{name in lower case}.</summary>
    public bool ForwardCloudEventPropertiesAsHeaders { get; set; }

    /// <summary>Only these become headers; wins over <see cref="ExcludedCloudEventPropertiesFromHeaders"/>.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
    public string[] IncludedCloudEventPropertiesAsHeaders { get; set; }

    /// <summary>All but these become headers.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
    public string[] ExcludedCloudEventPropertiesFromHeaders { get; set; }
}
