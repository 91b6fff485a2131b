using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>Ends the job as failed, with the reason and what was finished so far.</summary>
internal sealed class FailScanActivity(ScanEvents events, TimeProvider clock) : WorkflowActivity<FailScan, ScanOutcome>
{
    public override async Task<ScanOutcome> RunAsync(WorkflowActivityContext context, FailScan input)
    {
        var (scan, error) = (input.Run.Request, input.Error);
        var soFar = new ScanResult(
            scan.JobId,
            "failed",
            error.Message,
            null,
            input.Seen?.Vision,
            null,
            null,
            scan.ImageUrl,
            scan.Model,
            null,
            [.. (input.Seen?.Warnings ?? []).Concat(input.Ruled?.Warnings ?? []).Distinct()],
            error,
            scan.AcceptedAt,
            clock.GetUtcNow());
        IReadOnlyList<JobEvent> ends = [events.Failed(scan.JobId, "failed", error, soFar)];
        await events.PublishAsync(
            scan,
            input.After,
            error.Stage is { } stage ? [events.Failed<object>(scan.JobId, stage, error, null), .. ends] : ends);
        return new ScanOutcome("failed", error.Code);
    }
}
