using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Workflows;

/// <summary>What the engine of one app is made from.</summary>
internal sealed record EngineOptions
{
    /// <summary>Largest message to a worker, in bytes; a turn or an activity input may take 95 % of it.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int MaxTurns { get; init; } = int.MaxValue;

    public int MaxActivities { get; init; } = int.MaxValue;

    public RetentionPolicy Retention { get; init; } = RetentionPolicy.KeepForEver;

    public DaprMetrics? Metrics { get; init; }

    public AppTracer? Tracer { get; init; }

    /// <summary>How many history events are kept in memory for instances at rest.</summary>
    public int CachedEvents { get; init; } = 200_000;
}
