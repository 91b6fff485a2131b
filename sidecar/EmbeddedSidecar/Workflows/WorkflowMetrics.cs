using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>Counters and spans of one app's workflows, for any listener of the meter and the source EmbeddedSidecar.Workflows.</summary>
internal sealed class WorkflowMetrics(string appId, TimeProvider clock)
{
    private const string Name = "EmbeddedSidecar.Workflows";

    private static readonly ActivitySource Spans = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> StartedCount = Meter.CreateCounter<long>("workflow.started", "{workflow}");
    private static readonly Counter<long> FinishedCount = Meter.CreateCounter<long>("workflow.finished", "{workflow}");
    private static readonly UpDownCounter<long> ActiveCount = Meter.CreateUpDownCounter<long>("workflow.active", "{workflow}");
    private static readonly Counter<long> ActivityCount = Meter.CreateCounter<long>("workflow.activity.finished", "{activity}");
    private static readonly Histogram<double> TurnSeconds = Meter.CreateHistogram<double>("workflow.turn.duration", "s");

    private readonly KeyValuePair<string, object?> _app = new("app_id", appId);

    public void Started(string workflow, TraceContext? parent, DateTimeOffset at)
    {
        StartedCount.Add(1, _app);
        ActiveCount.Add(1, _app);
        Span($"create_orchestration||{workflow}", parent, at);
    }

    /// <summary>An instance of an earlier process is running again.</summary>
    public void Recovered() => ActiveCount.Add(1, _app);

    public void Finished(HistoryEvent start, OrchestrationStatus status)
    {
        FinishedCount.Add(1, _app, new("status", status.ToString().ToUpperInvariant()));
        ActiveCount.Add(-1, _app);
        Span($"orchestration||{start.ExecutionStarted.Name}", start.ExecutionStarted.ParentTraceContext, start.Timestamp.ToDateTimeOffset());
    }

    public void ActivityFinished(HistoryEvent scheduled, bool failed)
    {
        ActivityCount.Add(1, _app, new("failed", failed));
        Span($"activity||{scheduled.TaskScheduled.Name}", scheduled.TaskScheduled.ParentTraceContext, scheduled.Timestamp.ToDateTimeOffset());
    }

    public void TurnDone(long sentAt) => TurnSeconds.Record(clock.GetElapsedTime(sentAt).TotalSeconds, _app);

    // Spans of workflows outlive processes, so they are written down at their end with the time they began.
    private void Span(string name, TraceContext? parent, DateTimeOffset began)
    {
        if (Spans.HasListeners())
        {
            ActivityContext.TryParse(parent?.TraceParent, parent?.TraceState, out var context);
            using var span = Spans.StartActivity(name, ActivityKind.Internal, context, startTime: began);
            span?.SetTag("app_id", appId);
            span?.SetEndTime(clock.GetUtcNow().UtcDateTime);
        }
    }
}
