using System.ComponentModel.DataAnnotations;

namespace Eco2.My.DeadLetters;

/// <summary>The section "DeadLetters". When rounds are made is the binding's matter, <c>components/*/dead-letters.yaml</c>.</summary>
internal sealed class DeadLetterOptions
{
    /// <value>Scheduled retries of a letter that comes back; 12, an hour at a round every 5 minutes.</value>
    [Range(0, 10_000)]
    public int MaxRetries { get; init; } = 12;

    /// <value>A letter is left alone for this long after it came, 30 s: together with the tries of a delivery that is refused at once (82 s)
    /// less than the time between two rounds.</value>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <value>How long a letter that is not waiting is kept, 30 days.</value>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    // A Range of TimeSpan would load the framework's type converters into a process that is idle most of the time.
    public bool AreDurationsSensible() => RetryPause >= TimeSpan.Zero && Retention > TimeSpan.Zero;
}
