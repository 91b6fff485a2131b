using System.ComponentModel.DataAnnotations;

namespace Eco2.SseGateway;

internal sealed class SseOptions
{
    /// <summary>Silence after which a stream sends a keepalive and looks into the log for what a lost message may have kept from it.</summary>
    /// <value>00:00:15</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan Keepalive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A stream ends after this with the event reconnect.</summary>
    /// <value>00:05:00</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A client that takes nothing for this long is cut off.</summary>
    /// <value>00:00:10</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Streams one user may have open on this replica.</summary>
    /// <value>5</value>
    [Range(1, 1000)]
    public int MaxPerUser { get; init; } = 5;

    /// <summary>Streams of one job that may be open on this replica.</summary>
    /// <value>2</value>
    [Range(1, 1000)]
    public int MaxPerJob { get; init; } = 2;

    /// <summary>News a slow stream may fall behind; beyond it they are dropped and read from the log when the client catches up.</summary>
    /// <value>64</value>
    [Range(1, 10000)]
    public int MaxBehind { get; init; } = 64;
}
