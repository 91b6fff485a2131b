namespace Dapr.Workflow;

/// <summary>When a failed task is tried again. Part of the workflow's determinism: changing it changes what a replay expects.</summary>
public class WorkflowRetryPolicy
{
    /// <summary>A policy.</summary>
    /// <param name="maxNumberOfAttempts">The first try included; at least 1.</param>
    /// <param name="firstRetryInterval">Above zero.</param>
    /// <param name="backoffCoefficient">At least 1; each interval is the one before times this.</param>
    /// <param name="maxRetryInterval">Cap of an interval; not below the first one.</param>
    /// <param name="retryTimeout">No new try once so much time passed since the first; not below the first interval.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public WorkflowRetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        if (double.IsNaN(backoffCoefficient) || double.IsInfinity(backoffCoefficient) || backoffCoefficient < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(backoffCoefficient), backoffCoefficient, "The coefficient is a number of at least 1.");
        }

        // The check knows a cap of one hour even where none was given; the official package refuses the same calls.
        if ((maxRetryInterval ?? TimeSpan.FromHours(1)) < firstRetryInterval)
        {
            throw new ArgumentOutOfRangeException(nameof(maxRetryInterval), maxRetryInterval, "The cap is not below the first interval.");
        }

        if (retryTimeout is { } limit && limit != Timeout.InfiniteTimeSpan && limit < firstRetryInterval)
        {
            throw new ArgumentOutOfRangeException(nameof(retryTimeout), retryTimeout, "The timeout is not below the first interval.");
        }

        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval;
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    /// <summary>The first try included.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>Delay before the second try.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Growth of the delay.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>Cap of the delay; null: none.</summary>
    public TimeSpan? MaxRetryInterval { get; }

    /// <summary>Limit over all tries; <see cref="Timeout.InfiniteTimeSpan"/> when none was given.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>The delay after a number of failed attempts, or null when there is to be no other attempt.</summary>
    internal TimeSpan? DelayAfter(int failedAttempts, DateTime firstAttempt, DateTime now)
    {
        if (failedAttempts >= MaxNumberOfAttempts || (RetryTimeout != Timeout.InfiniteTimeSpan && now - firstAttempt >= RetryTimeout))
        {
            return null;
        }

        var ticks = FirstRetryInterval.Ticks * Math.Pow(BackoffCoefficient, failedAttempts - 1);
        var longest = MaxRetryInterval ?? DateTime.MaxValue - now;
        return ticks >= longest.Ticks ? longest : TimeSpan.FromTicks((long)ticks);
    }
}
