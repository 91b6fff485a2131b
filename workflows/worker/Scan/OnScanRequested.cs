using Dapr.Client;
using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Scan;

/// <summary>A scan was accepted: start its workflow, once. The job's log is the guard, since the id of a finished workflow can be used again.</summary>
internal sealed partial class OnScanRequested
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/scan-requested", Handle);

    internal static async Task<Ok<EventAnswer>> Handle(
        Event<ScanRequested> message,
        DaprClient dapr,
        DaprWorkflowClient workflows,
        IOptions<ScanStepOptions> options,
        ILogger<OnScanRequested> logger,
        CancellationToken ct)
    {
        var scan = message.Data;
        var job = await dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(scan.JobId), cancellationToken: ct);
        if (job is not { Status: "queued" })
        {
            // Its first step has been told, so it runs or has ended; without a document it was forgotten long ago.
            Known(logger, scan.JobId, job?.Status ?? "forgotten");
            return TypedResults.Ok(EventAnswer.Success);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.StartLimit);
        try
        {
            await workflows.ScheduleNewWorkflowAsync(ScanRequested.Workflow, scan.JobId.ToString("D"), scan, (DateTimeOffset?)null, limit.Token);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            Known(logger, scan.JobId, "running");
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            NotStarted(logger, e, scan.JobId);
            return TypedResults.Ok(EventAnswer.Retry);
        }

        return TypedResults.Ok(EventAnswer.Success);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId} was requested again; it is {Status}")]
    private static partial void Known(ILogger logger, Guid jobId, string status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId} could not be started now")]
    private static partial void NotStarted(ILogger logger, Exception exception, Guid jobId);
}
