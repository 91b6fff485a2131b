namespace Dapr.Jobs.Models.Responses;

/// <summary>A job as the runtime keeps it.</summary>
/// <param name="Schedule">When it is due.</param>
public sealed record DaprJobDetails(DaprJobSchedule Schedule)
{
    /// <summary>How many triggers; 0 when it has no end.</summary>
    public int? RepeatCount { get; init; }

    /// <summary>Time of the first trigger, if one was set.</summary>
    public DateTimeOffset? DueTime { get; init; }

    /// <summary>When it ends, if ever.</summary>
    public DateTimeOffset? Ttl { get; init; }

    /// <summary>What the app is given.</summary>
    public byte[]? Payload { get; init; }

    /// <summary>Not told by the runtime.</summary>
    public bool Overwrite { get; init; }

    /// <summary>What happens to a trigger that fails; null when it was not told.</summary>
    public IFailurePolicyResponse? FailurePolicy { get; init; }
}

/// <summary>The failure policy of a job.</summary>
public interface IFailurePolicyResponse
{
    /// <summary>Which policy.</summary>
    JobFailurePolicy Type { get; }
}

/// <summary>A failed trigger is dropped.</summary>
public sealed record ConfiguredDropFailurePolicy : IFailurePolicyResponse
{
    /// <inheritdoc/>
    public JobFailurePolicy Type => JobFailurePolicy.Drop;
}

/// <summary>A failed trigger is sent again.</summary>
/// <param name="HasMaxRetries">Whether there is a limit.</param>
/// <param name="MaxRetries">The limit; 0 without one.</param>
/// <param name="Duration">How long after the failure.</param>
public sealed record ConfiguredConstantFailurePolicy(bool HasMaxRetries, int? MaxRetries, TimeSpan Duration) : IFailurePolicyResponse
{
    /// <inheritdoc/>
    public JobFailurePolicy Type => JobFailurePolicy.Constant;
}
