using System.ComponentModel.DataAnnotations;

namespace Eco2.Scan;

internal sealed class ScanOptions
{
    /// <summary>Hosts (with port, if any) under which this service's own pictures are reached from outside. An <c>image_url</c> on another
    /// host is refused; none is ever fetched.</summary>
    /// <value>localhost:8080, 127.0.0.1:8080</value>
    public IReadOnlyList<string> ImageHosts { get; init; } = ["localhost:8080", "127.0.0.1:8080"];

    /// <summary>How long an Idempotency-Key stays bound to its scan.</summary>
    /// <value>1.00:00:00</value>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan IdempotencyLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long the document of an accepted job waits for progress.</summary>
    /// <value>1.00:00:00</value>
    [Range(typeof(TimeSpan), "00:10:00", "7.00:00:00")]
    public TimeSpan JobLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Scans of one user that may be in flight.</summary>
    /// <value>20</value>
    [Range(1, 100_000)]
    public int MaxInFlightPerUser { get; init; } = 20;

    /// <summary>Scans of all users that may be in flight. Replicas look once a second, so a burst may pass it by what is accepted in that time.</summary>
    /// <value>6000</value>
    [Range(1, 1_000_000)]
    public int MaxInFlight { get; init; } = 6000;

    /// <summary>Accepted scans whose message the broker has not got yet; beyond it nothing more is accepted.</summary>
    /// <value>3000</value>
    [Range(1, 1_000_000)]
    public int MaxUnsent { get; init; } = 3000;

    /// <summary>What the client is told to expect.</summary>
    /// <value>5</value>
    [Range(1, 600)]
    public int EstimatedSeconds { get; init; } = 5;

    /// <summary>After this the taxonomy is asked for again.</summary>
    /// <value>00:05:00</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan TaxonomyLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
