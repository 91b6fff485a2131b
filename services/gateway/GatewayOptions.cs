using System.ComponentModel.DataAnnotations;

namespace Eco2.Gateway;

/// <summary>The section "Gateway": how it serves connections. What decides who may pass is the section "Edge".</summary>
internal sealed class GatewayOptions
{
    /// <value>Connections of one address at a time, 256; 0 for any number. Not counted behind a proxy (Edge:TrustForwardedFor), whose connections are of everybody.</value>
    [Range(0, 1_000_000)]
    public int MaxConnectionsPerAddress { get; init; } = 256;

    /// <value>How long the headers of a request may take to arrive, 10 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan HeadersWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <value>Bytes a second that a body must bring, and an answer must be taken with, once they were slower for 5 s; 240.</value>
    [Range(1, 1_000_000)]
    public double MinBytesPerSecond { get; init; } = 240;
}
