namespace Dapr.Jobs.Models;

/// <summary>What happens to a trigger that the app answered with a failure.</summary>
public enum JobFailurePolicy
{
    /// <summary>It is dropped.</summary>
    Drop = 0,

    /// <summary>It is sent again after a constant time.</summary>
    Constant = 1,
}

/// <summary>What happens to a trigger that the app answered with a failure.</summary>
public interface IJobFailurePolicyOptions
{
    /// <summary>Which policy.</summary>
    JobFailurePolicy Policy { get; }
}

/// <summary>Drop it.</summary>
public sealed record JobFailurePolicyDropOptions : IJobFailurePolicyOptions
{
    /// <inheritdoc/>
    public JobFailurePolicy Policy => JobFailurePolicy.Drop;
}

/// <summary>Send it again.</summary>
/// <param name="Interval">How long after the failure.</param>
public sealed record JobFailurePolicyConstantOptions(TimeSpan Interval) : IJobFailurePolicyOptions
{
    /// <summary>How often; null: until it succeeds.</summary>
    public uint? MaxRetries { get; init; }

    /// <inheritdoc/>
    public JobFailurePolicy Policy => JobFailurePolicy.Constant;
}
