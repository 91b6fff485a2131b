using Microsoft.Extensions.Logging;

namespace Eco2.Workflows.Scan;

internal static partial class ScanWorkflowLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Scan {JobId} fails in stage {Stage}: {ErrorType}: {ErrorMessage}")]
    internal static partial void StepFailed(this ILogger logger, Guid jobId, string stage, string errorType, string errorMessage);

    [LoggerMessage(Level = LogLevel.Error, Message = "Scan {JobId}: its reward could not be decided: {Why}")]
    internal static partial void RewardUnsettled(this ILogger logger, Guid jobId, string why);
}
