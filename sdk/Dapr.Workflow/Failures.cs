using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow;

/// <summary>Failures between exceptions and the wire.</summary>
internal static class Failures
{
    public static WorkflowTaskFailureDetails FromWire(Proto.TaskFailureDetails details) =>
        new(details.ErrorType, details.ErrorMessage, string.IsNullOrEmpty(details.StackTrace) ? null : details.StackTrace);

    public static Proto.TaskFailureDetails ToWire(Exception failure, bool isNonRetriable = false) =>
        ToWire(failure.GetType().FullName ?? failure.GetType().Name, failure.Message, failure.StackTrace, isNonRetriable);

    public static Proto.TaskFailureDetails ToWire(string type, string message, string? stackTrace = null, bool isNonRetriable = false) => new()
    {
        ErrorType = type,
        ErrorMessage = message,
        StackTrace = stackTrace,
        IsNonRetriable = isNonRetriable,
    };
}
