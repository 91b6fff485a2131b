using Dapr.Client;
using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Scan;

/// <summary>A scan could not be started in all the tries of its message: its job ends now and says so, instead of waiting in vain.</summary>
internal sealed partial class OnScanUndelivered
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/scan-requested-dead", Handle);

    internal static async Task<Ok<EventAnswer>> Handle(
        Event<ScanRequested> message,
        DaprClient dapr,
        DaprWorkflowClient workflows,
        ScanEvents events,
        IOptions<ScanStepOptions> options,
        ILogger<OnScanUndelivered> logger,
        CancellationToken ct)
    {
        var scan = message.Data;
        var job = await dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(scan.JobId), cancellationToken: ct);
        if (job is not { Status: "queued" })
        {
            // One of the tries did start it, or its owner cancelled it.
            Known(logger, scan.JobId, job?.Status ?? "forgotten");
            return TypedResults.Ok(EventAnswer.Success);
        }

        // What kept the workflow from starting may keep us from stopping it. Telling the end must not wait for that.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.StartLimit / 2);
        try
        {
            // A try may have been heard although its answer was not.
            await workflows.TerminateWorkflowAsync(scan.JobId.ToString("D"), cancellation: limit.Token);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            NotStopped(logger, scan.JobId, e.Message);
        }

        NeverStarted(logger, scan.JobId);
        await events.PublishAsync(scan, null, events.Failed<ScanResult>(scan.JobId, "failed", ScanErrors.NotStarted(scan.Language), null));
        return TypedResults.Ok(EventAnswer.Success);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId} is among the undelivered ones, but it is {Status}")]
    private static partial void Known(ILogger logger, Guid jobId, string status);

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId} has no workflow to stop: {Why}")]
    private static partial void NotStopped(ILogger logger, Guid jobId, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Scan {JobId} could not be started in all its tries; it has failed")]
    private static partial void NeverStarted(ILogger logger, Guid jobId);
}
