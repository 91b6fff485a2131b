namespace EmbeddedSidecar.Telemetry;

/// <content>Workflows of this app.</content>
internal sealed partial class DaprMetrics
{
    private Metric _workflowOperation = null!, _workflowOperationMs = null!, _workflow = null!, _workflowMs = null!, _workflowScheduledMs = null!;
    private Metric _activityOperation = null!, _activityOperationMs = null!, _activity = null!, _activityMs = null!;

    /// <summary>A client asked for something.</summary>
    /// <param name="operation">create_workflow, get_workflow, add_event or purge_workflow.</param>
    public void WorkflowOperation(string operation, bool success, long began) =>
        Done(_workflowOperation, _workflowOperationMs, new(operation, Outcome(success)), began);

    /// <summary>The first turn of a workflow goes to a worker.</summary>
    public void WorkflowScheduled(string name, TimeSpan waited) => _workflowScheduledMs.Observe(Math.Max(0, waited.TotalMilliseconds), new(name));

    /// <summary>A workflow came to its end.</summary>
    /// <param name="status">success, failed or terminated.</param>
    public void WorkflowDone(string name, string status, TimeSpan took)
    {
        _workflow.Count(new(name, status));
        _workflowMs.Observe(took.TotalMilliseconds, new(name, status));
    }

    /// <summary>An activity went to a worker.</summary>
    public void ActivityStarted(string name, TimeSpan waited)
    {
        _activityOperation.Count(new(name, Outcome(true)));
        _activityOperationMs.Observe(Math.Max(0, waited.TotalMilliseconds), new(name, Outcome(true)));
    }

    /// <summary>A worker answered an activity.</summary>
    public void ActivityDone(string name, bool success, TimeSpan took)
    {
        _activity.Count(new(name, Outcome(success)));
        _activityMs.Observe(Math.Max(0, took.TotalMilliseconds), new(name, Outcome(success)));
    }

    private static string Outcome(bool success) => success ? "success" : "failed";

    private void AddWorkflows()
    {
        string[] operation = ["operation", "status"], workflow = ["workflow_name", "status"], activity = ["activity_name", "status"];
        _workflowOperation = NamespacedCounter("runtime_workflow_operation_count", "The number of successful/failed workflow operation requests.", operation);
        _workflowOperationMs = NamespacedLatency("runtime_workflow_operation_latency", "The latencies of responses for workflow operation requests.", operation);
        _workflow = NamespacedCounter("runtime_workflow_execution_count", "The number of successful/failed/terminated workflow executions.", workflow);
        _workflowMs = NamespacedLatency("runtime_workflow_execution_latency", "The total time taken to run a workflow to completion.", workflow);
        _workflowScheduledMs = NamespacedLatency(
            "runtime_workflow_scheduling_latency", "Interval between workflow execution request and workflow execution.", "workflow_name");
        _activityOperation = NamespacedCounter("runtime_workflow_activity_operation_count", "The number of activity requests.", activity);
        _activityOperationMs = NamespacedLatency("runtime_workflow_activity_operation_latency", "Time until an activity request is with a worker.", activity);
        _activity = NamespacedCounter("runtime_workflow_activity_execution_count", "The number of successful/failed activity executions.", activity);
        _activityMs = NamespacedLatency("runtime_workflow_activity_execution_latency", "The total time taken to run an activity to completion.", activity);
    }
}
