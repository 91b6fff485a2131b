using System.Diagnostics;
using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>An activity for this app's workers: which workflow asked, and in which of its runs.</summary>
internal sealed record PendingTask(WorkflowEngine Source, string InstanceId, ulong Generation, HistoryEvent Scheduled, PropagatedHistory? Propagated);

/// <summary>
/// The activities one app has to do. On the wire an answer names only instance and task id, so of those that share both (another
/// run of the instance, a namesake in another app) one is out at a time and the next waits for it.
/// </summary>
internal sealed class TaskRegistry(WorkQueue queue, int maxPayload, WorkflowTelemetry telemetry)
{
    private readonly Dictionary<(string InstanceId, int TaskId), Entry> _entries = [];
    private readonly Lock _gate = new();

    /// <summary>Queues the activity unless it is known already.</summary>
    public void Add(PendingTask task)
    {
        lock (_gate)
        {
            var key = (task.InstanceId, task.Scheduled.EventId);
            if (!_entries.TryGetValue(key, out var entry))
            {
                Queue(key, task);
            }
            else if (IsSame(entry.Task, task))
            {
                return;
            }
            else if (entry.Item.WasSent)
            {
                entry.Next = task;
            }
            else
            {
                queue.Finish(entry.Item);
                Queue(key, task);
            }
        }
    }

    /// <summary>The worker's answer. Null when nothing such is out: a repetition, or too late.</summary>
    /// <param name="failure">What went wrong, or null.</param>
    public PendingTask? Complete(string instanceId, int taskId, string? failure)
    {
        lock (_gate)
        {
            var key = (instanceId, taskId);
            if (!_entries.TryGetValue(key, out var entry) || !entry.Item.WasSent)
            {
                return null;
            }

            queue.Finish(entry.Item);
            _entries.Remove(key);
            if (entry.Next is { } next)
            {
                Queue(key, next);
            }

            telemetry.ActivityDone(entry.Task.Scheduled, entry.Span, failure);
            return entry.Task;
        }
    }

    /// <summary>The instance was removed: what no worker has taken yet is not done any more.</summary>
    public void Drop(string instanceId, IEnumerable<int> taskIds)
    {
        lock (_gate)
        {
            foreach (var id in taskIds)
            {
                if (_entries.TryGetValue((instanceId, id), out var entry) && !entry.Item.WasSent)
                {
                    queue.Finish(entry.Item);
                    _entries.Remove((instanceId, id));
                }
            }
        }
    }

    private void Queue((string InstanceId, int TaskId) key, PendingTask task)
    {
        Entry entry = null!;
        var item = new QueuedItem(isTurn: false, task.InstanceId, () => Build(entry));
        _entries[key] = entry = new Entry(task, item);
        queue.Add(item);
    }

    private WorkItem? Build(Entry entry)
    {
        var task = entry.Task;
        if (!entry.WasBuilt)
        {
            // Sent again to another worker it is still the one activity.
            entry.WasBuilt = true;
            entry.Span = telemetry.ActivityStarted(task.Scheduled, task.InstanceId);
        }

        var scheduled = task.Scheduled.TaskScheduled;
        var request = new ActivityRequest
        {
            Name = scheduled.Name,
            Version = scheduled.Version,
            Input = scheduled.Input,
            WorkflowInstance = new Dapr.DurableTask.Protobuf.WorkflowInstance { InstanceId = task.InstanceId },
            TaskId = task.Scheduled.EventId,
            ParentTraceContext = entry.Span is { } span ? new TraceContext { TraceParent = span.Id, TraceState = scheduled.ParentTraceContext?.TraceState } : scheduled.ParentTraceContext,
            TaskExecutionId = scheduled.TaskExecutionId,
        };
        var item = new WorkItem { ActivityRequest = request };
        if (task.Propagated is not null)
        {
            request.PropagatedHistory = task.Propagated;
            if (item.CalculateSize() > maxPayload)
            {
                // Propagated history is a courtesy to the receiver; the activity itself fits, that was checked when it was scheduled.
                request.PropagatedHistory = null;
            }
        }

        return item;
    }

    private static bool IsSame(PendingTask a, PendingTask b) => ReferenceEquals(a.Source, b.Source) && a.Generation == b.Generation;

    private sealed class Entry(PendingTask task, QueuedItem item)
    {
        public PendingTask Task { get; } = task;

        public QueuedItem Item { get; } = item;

        public PendingTask? Next { get; set; }

        public Activity? Span { get; set; }

        public bool WasBuilt { get; set; }
    }
}
