using Dapr;
using Dapr.Client;
using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.ServiceDefaults.Telemetry;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Scan;

/// <summary>Scans were accepted: start their workflows, each once. The job's log is the guard, since the id of a finished workflow can be used again.</summary>
internal sealed partial class OnScanRequested
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/scan-requested", Handle);

    internal static async Task<Ok<BulkAnswer>> Handle(
        EventBatch<ScanRequested> messages,
        DaprClient dapr,
        DaprWorkflowClient workflows,
        SentWords words,
        IOptions<ScanStepOptions> options,
        ILogger<OnScanRequested> logger,
        CancellationToken ct)
    {
        var keys = messages.Entries.Select(entry => JobDocument.KeyOf(entry.Event.Data.JobId)).Distinct().ToList();
        var jobs = keys.Count == 0
            ? []
            : (await dapr.GetBulkStateAsync<JobDocument?>(JobDocument.Store, keys, parallelism: null, cancellationToken: ct)).ToDictionary(item => item.Key, item => item.Value);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.StartLimit);
        var started = await Task.WhenAll(messages.Entries.Select(entry => StartAsync(entry.Event)));
        var again = messages.Entries.Zip(started).Where(pair => !pair.Second).Select(pair => pair.First.EntryId).ToHashSet();
        return TypedResults.Ok(messages.Answer(entry => again.Contains(entry.EntryId)));

        async Task<bool> StartAsync(Event<ScanRequested> requested)
        {
            using var span = MessageTrace.Begin(ScanRequested.Topic, requested.TraceParent);
            var scan = requested.Data;
            try
            {
                // In a bulk read a key that is not there and one that could not be read look alike. Only the first may be forgotten.
                var job = jobs.GetValueOrDefault(JobDocument.KeyOf(scan.JobId))
                    ?? await dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(scan.JobId), cancellationToken: limit.Token);
                if (job is not { Status: "queued" })
                {
                    // Its first step has been told, so it runs or has ended; without a document it was forgotten long ago.
                    Known(logger, scan.JobId, job?.Status ?? "forgotten");
                    return true;
                }

                var input = await words.TakeOutAsync(scan, limit.Token);
                await workflows.ScheduleNewWorkflowAsync(ScanRequested.Workflow, scan.JobId.ToString("D"), input, (DateTimeOffset?)null, limit.Token);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
            {
                Known(logger, scan.JobId, "running");
            }
            catch (Exception e) when (e is RpcException or DaprException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                NotStarted(logger, e, scan.JobId);
                return false;
            }

            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId} was requested again; it is {Status}")]
    private static partial void Known(ILogger logger, Guid jobId, string status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId} could not be started now")]
    private static partial void NotStarted(ILogger logger, Exception exception, Guid jobId);
}
