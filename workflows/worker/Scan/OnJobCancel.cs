using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Worker.Scan;

/// <summary>The owner wants a scan to stop. What has not begun never will; a step under way is not interrupted, but nobody hears of it.</summary>
internal sealed partial class OnJobCancel
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/job-cancel", Handle);

    internal static async Task<Ok<EventAnswer>> Handle(
        Event<JobCancelRequested> message,
        DaprWorkflowClient workflows,
        ScanEvents events,
        ILogger<OnJobCancel> logger,
        CancellationToken ct)
    {
        var cancel = message.Data;
        if (cancel.Kind != ScanRequested.Kind)
        {
            return TypedResults.Ok(EventAnswer.Success);
        }

        try
        {
            await workflows.TerminateWorkflowAsync(cancel.JobId.ToString("D"), cancellation: ct);
        }
        catch (RpcException e)
        {
            // Not started yet, or over: either way the log decides what the client sees.
            NothingToStop(logger, cancel.JobId, e.StatusCode);
        }

        // Whichever end comes first counts, so this may well be too late.
        await events.PublishAsync(
            new JobEventBatch(cancel.JobId, cancel.UserId, cancel.Kind, null, [events.Failed<object>(cancel.JobId, "cancelled", ScanErrors.Cancelled(), null)]));
        return TypedResults.Ok(EventAnswer.Success);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId} has no workflow to stop: {Status}")]
    private static partial void NothingToStop(ILogger logger, Guid jobId, StatusCode status);
}
