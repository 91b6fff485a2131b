using System.Diagnostics;
using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Workflows;

/// <summary>What one app's engine counts, and its spans, either if asked for. Nothing of it depends on how often a workflow was replayed.</summary>
/// <remarks>
/// create_orchestration is the parent of the workflow's other spans, for it is the one whose id is in the stored history: so the trace has no holes
/// after a restart. (In daprd activities hang on the span of the run, whose id it can choose; here a span's id cannot be chosen.)
/// </remarks>
internal sealed class WorkflowTelemetry(DaprMetrics? metrics, AppTracer? tracer, TimeProvider clock)
{
    /// <summary>A moment to measure an operation from.</summary>
    public long Now => metrics?.Now ?? 0;

    /// <summary>A client asked for something.</summary>
    public Task<T> OperationAsync<T>(string operation, long began, Task<T> work) =>
        metrics is null ? work : CountAsync(metrics, operation, began, work);

    private static async Task<T> CountAsync<T>(DaprMetrics metrics, string operation, long began, Task<T> work)
    {
        var success = false;
        try
        {
            var result = await work;
            success = true;
            return result;
        }
        finally
        {
            metrics.WorkflowOperation(operation, success, began);
        }
    }

    /// <summary>A client starts a workflow. The span goes into its history as the parent of all that follows.</summary>
    public Activity? Creates(ExecutionStartedEvent start)
    {
        if (tracer is null)
        {
            return null;
        }

        // The call's own span, unless the caller names a span of another trace.
        var given = start.ParentTraceContext;
        var parent = AppTracer.Here is { } here && (given is null || given.TraceParent.StartsWith(here[..35], StringComparison.Ordinal)) ? here : given?.TraceParent;
        var span = tracer.Start($"create_orchestration||{start.Name}", ActivityKind.Client, parent, given?.TraceState);
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, "orchestration", start.Name, start.WorkflowInstance.InstanceId);
        }

        // Only a trace that is sampled goes on in the workflow, as with daprd: gRPC for .NET sends one that is not with each call of an app
        // without telemetry, and that would silence what the rate asks for.
        start.ParentTraceContext = span is { Recorded: true } ? new TraceContext { TraceParent = span.Id, TraceState = given?.TraceState } : null;

        return span;
    }

    /// <summary>The first turn goes to a worker.</summary>
    public void FirstTurn(HistoryEvent start) =>
        metrics?.WorkflowScheduled(
            start.ExecutionStarted.Name,
            clock.GetUtcNow() - (start.ExecutionStarted.ScheduledStartTimestamp ?? start.Timestamp).ToDateTimeOffset());

    /// <summary>A workflow has come to its end, and that is stored.</summary>
    public void Finished(HistoryEvent start, DateTimeOffset began, OrchestrationStatus status)
    {
        var started = start.ExecutionStarted;
        var outcome = status switch
        {
            OrchestrationStatus.Completed => "success",
            OrchestrationStatus.Terminated => "terminated",
            _ => "failed",
        };
        metrics?.WorkflowDone(started.Name, outcome, clock.GetUtcNow() - began);
        using var span = tracer?.StartDetached(
            $"orchestration||{started.Name}", ActivityKind.Server, started.ParentTraceContext?.TraceParent, started.ParentTraceContext?.TraceState, began);
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, "orchestration", started.Name, started.WorkflowInstance.InstanceId);
            span.SetTag("durabletask.runtime_status", status.ToString().ToUpperInvariant());
            span.SetStatus(outcome == "success" ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
        }
    }

    /// <summary>An activity goes to a worker. The span ends when <see cref="ActivityDone"/> is told of it.</summary>
    public Activity? ActivityStarted(HistoryEvent scheduled, string instanceId)
    {
        var task = scheduled.TaskScheduled;
        metrics?.ActivityStarted(task.Name, clock.GetUtcNow() - scheduled.Timestamp.ToDateTimeOffset());
        var span = tracer?.StartDetached(
            $"activity||{task.Name}", ActivityKind.Server, task.ParentTraceContext?.TraceParent, task.ParentTraceContext?.TraceState);
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, "activity", task.Name, instanceId);
            span.SetTag("durabletask.task.task_id", scheduled.EventId);
        }

        return span;
    }

    /// <summary>A worker answered an activity that was out.</summary>
    public void ActivityDone(HistoryEvent scheduled, Activity? span, string? failure)
    {
        metrics?.ActivityDone(scheduled.TaskScheduled.Name, failure is null, clock.GetUtcNow() - scheduled.Timestamp.ToDateTimeOffset());
        if (failure is not null)
        {
            span?.SetStatus(ActivityStatusCode.Error, failure);
        }

        var current = Activity.Current;
        span?.Dispose();
        Activity.Current = current;
    }

    private static void Describe(Activity span, string type, string name, string instanceId)
    {
        span.SetTag("durabletask.type", type);
        span.SetTag("durabletask.task.name", name);
        span.SetTag("durabletask.task.instance_id", instanceId);
    }
}
