using System.Diagnostics.CodeAnalysis;

namespace Dapr.Workflow;

/// <summary>Thrown inside a workflow when an activity or a child workflow failed.</summary>
[SuppressMessage("Design", "CA1032", Justification = "The official type has this constructor only.")]
public class WorkflowTaskFailedException(string message, WorkflowTaskFailureDetails failureDetails) : Exception(message)
{
    /// <summary>What the other side reported.</summary>
    public WorkflowTaskFailureDetails FailureDetails { get; } = failureDetails ?? throw new ArgumentNullException(nameof(failureDetails));
}

/// <summary>A failure as it travels: names and texts, no exception object.</summary>
public class WorkflowTaskFailureDetails(string errorType, string errorMessage, string? stackTrace = null)
{
    /// <summary>Full name of the exception's type, without assembly; or a name the runtime made.</summary>
    public string ErrorType { get; } = errorType;

    /// <summary>The exception's message.</summary>
    public string ErrorMessage { get; } = errorMessage;

    /// <summary>The exception's stack trace, if it was sent.</summary>
    public string? StackTrace { get; } = stackTrace;

    /// <summary>
    /// Whether the failure is of type <typeparamref name="T"/> or derived from it. It knows types of the core library only: for
    /// others compare <see cref="ErrorType"/> with the type's full name.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "The name comes from outside; absent types answer false.")]
    public bool IsCausedBy<T>() where T : Exception =>
        Type.GetType(ErrorType, throwOnError: false) is { } type && typeof(T).IsAssignableFrom(type);

    /// <summary>Type and message on one line.</summary>
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";
}
