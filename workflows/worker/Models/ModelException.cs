namespace Eco2.Worker.Models;

/// <summary>A provider did not give an answer.</summary>
/// <param name="why">What went wrong.</param>
/// <param name="message">For the log; no prompt, no picture, no key.</param>
/// <param name="retryAfter">What the provider asked for.</param>
/// <param name="inner">Where it came from.</param>
internal sealed class ModelException(ModelFailure why, string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    internal ModelFailure Why { get; } = why;

    internal TimeSpan? RetryAfter { get; } = retryAfter;
}

internal enum ModelFailure
{
    /// <summary>Timeout, network, 5xx, half an answer, breaker open: may pass.</summary>
    Away,

    /// <summary>429: may pass, after what it asks for.</summary>
    RateLimited,

    /// <summary>Our own budget for the provider is used up for longer than the job can wait.</summary>
    OverBudget,

    /// <summary>401, 403, 404: key, address or model name are wrong; somebody must look.</summary>
    Misconfigured,

    /// <summary>400, 413, 422: this request will never be taken.</summary>
    Refused,
}
