using System.ComponentModel.DataAnnotations;

namespace Eco2.EventRouter;

internal sealed class EventRouterOptions
{
    /// <summary>How long a job's log may stand still while events wait for their predecessor; then they are accepted as they came.</summary>
    /// <value>00:00:20</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the document of a job that makes no progress is kept.</summary>
    /// <value>1.00:00:00</value>
    [Range(typeof(TimeSpan), "00:10:00", "7.00:00:00")]
    public TimeSpan RunningLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long the log of a finished job can be replayed.</summary>
    /// <value>01:00:00</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FinishedLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>No job is kept for longer than this after it was accepted, even if it still moves.</summary>
    /// <value>2.00:00:00</value>
    [Range(typeof(TimeSpan), "01:00:00", "14.00:00:00")]
    public TimeSpan LongestRun { get; init; } = TimeSpan.FromHours(48);

    /// <summary>About how many bytes of events a job's document holds before they become a chunk of its log. A change reaches documents with
    /// their next event; replicas may differ.</summary>
    /// <value>2048</value>
    [Range(1, 262144)]
    public int ChunkBytes { get; init; } = 2048;

    /// <summary>Writes that may lose against another replica before the sidecar is asked to bring the batch again.</summary>
    /// <value>8</value>
    [Range(1, 100)]
    public int WriteAttempts { get; init; } = 8;

    /// <summary>After this a fan-out message is worthless: readers take what they missed from the log.</summary>
    /// <value>00:01:00</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FanoutLifetime { get; init; } = TimeSpan.FromMinutes(1);
}
