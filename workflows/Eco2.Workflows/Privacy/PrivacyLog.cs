using Microsoft.Extensions.Logging;

namespace Eco2.Workflows.Privacy;

internal static partial class PrivacyLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The {Kind} {RequestId} failed: {ErrorType}")]
    internal static partial void RequestFailed(this ILogger logger, string kind, Guid requestId, string errorType);
}
