using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

internal sealed partial class WorkflowWorker
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow worker connected")]
    private static partial void Connected(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "The sidecar ended the stream of work items; connecting again in a moment")]
    private static partial void StreamEnded(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No stream of work items ({Code}: {Detail}); connecting again in a moment")]
    private static partial void StreamBroke(ILogger logger, StatusCode code, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A work item of a kind this worker does not know")]
    private static partial void UnknownItem(ILogger logger);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A work item was left to be delivered again")]
    private static partial void Abandoned(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "A work item could not be answered")]
    private static partial void ItemFailed(ILogger logger, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "No greeting to the sidecar: {Reason}")]
    private static partial void HelloFailed(ILogger logger, string reason);
}
