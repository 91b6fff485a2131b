using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Resiliency;

/// <summary>Counts what one target's policy does.</summary>
/// <param name="name">The resource it came from.</param>
/// <param name="direction">inbound or outbound.</param>
/// <param name="target">In daprd's words: app_scan, Pubsub_jobs, actor_Counter.</param>
internal sealed class PolicyMeter(DaprMetrics metrics, string name, string direction, string target)
{
    /// <summary>A call begins.</summary>
    public void Used(bool retries, bool timesOut, CircuitBreaker? breaker)
    {
        if (timesOut)
        {
            metrics.PolicyUsed(name, "timeout", direction, target, "");
        }

        if (retries)
        {
            metrics.PolicyUsed(name, "retry", direction, target, "");
        }

        if (breaker?.StateName is { } state)
        {
            metrics.PolicyUsed(name, "circuitbreaker", direction, target, state);
            metrics.BreakerIs(name, direction, target, state);
        }
    }

    /// <summary>An attempt is over: has it moved the breaker?</summary>
    public void Changed(string? before, CircuitBreaker? breaker)
    {
        if (breaker?.StateName is { } now && now != before)
        {
            metrics.PolicyActed(name, "circuitbreaker", direction, target, now);
            metrics.BreakerIs(name, direction, target, now);
        }
    }

    /// <summary>The call is made again.</summary>
    public void Retried() => metrics.PolicyActed(name, "retry", direction, target, "");

    /// <summary>An attempt took too long.</summary>
    public void TimedOut() => metrics.PolicyActed(name, "timeout", direction, target, "");
}
