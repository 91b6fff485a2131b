using System.Diagnostics;
using Eco2.Contracts.Jobs;

namespace Eco2.EventRouter.Jobs;

/// <summary>Says in the job's trace what its log says: one span for each write, with an event for each new entry. So a trace is found by its job, and a
/// job's stages can be read where the traces are.</summary>
internal static class JobTrace
{
    private static readonly ActivitySource Source = new("eco2.jobs");

    /// <summary>Tells it once, after it was stored; pieces of an answer are left out.</summary>
    internal static void Record(JobDocument job, IReadOnlyList<JobEvent> added, string? traceParent)
    {
        if (!Source.HasListeners() || added.All(one => one.Stage == "token") || !ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent))
        {
            return;
        }

        using var span = Source.StartActivity("append to job", ActivityKind.Internal, parent);
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("eco2.job.id", job.JobId.ToString("D")).SetTag("eco2.job.kind", job.Kind);
        foreach (var one in added.Where(one => one.Stage != "token"))
        {
            span.AddEvent(new ActivityEvent("eco2.job", one.Ts, new ActivityTagsCollection
            {
                ["eco2.job.stage"] = one.Stage,
                ["eco2.job.status"] = one.Status,
                ["eco2.job.code"] = one.Error?.Code,
            }));
        }
    }
}
