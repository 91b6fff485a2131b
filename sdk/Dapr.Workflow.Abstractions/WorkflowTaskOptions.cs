namespace Dapr.Workflow;

/// <summary>How an activity is called.</summary>
/// <param name="RetryPolicy">Null: one attempt.</param>
/// <param name="TargetAppId">Null: the app that runs the workflow.</param>
/// <param name="PropagationScope">How much of the caller's history the callee may read.</param>
public record WorkflowTaskOptions(
    WorkflowRetryPolicy? RetryPolicy = null,
    string? TargetAppId = null,
    HistoryPropagationScope PropagationScope = HistoryPropagationScope.None)
{
    /// <summary>A copy with another propagation scope.</summary>
    public WorkflowTaskOptions WithHistoryPropagation(HistoryPropagationScope scope) => this with { PropagationScope = scope };
}

/// <summary>How a child workflow is called.</summary>
/// <param name="InstanceId">Null: a new id, for each attempt another.</param>
/// <param name="RetryPolicy">Null: one attempt.</param>
/// <param name="TargetAppId">Null: the app that runs the workflow.</param>
/// <param name="PropagationScope">How much of the caller's history the callee may read.</param>
public record ChildWorkflowTaskOptions(
    string? InstanceId = null,
    WorkflowRetryPolicy? RetryPolicy = null,
    string? TargetAppId = null,
    HistoryPropagationScope PropagationScope = HistoryPropagationScope.None)
    : WorkflowTaskOptions(RetryPolicy, TargetAppId, PropagationScope)
{
    /// <summary>A copy with another propagation scope.</summary>
    public new ChildWorkflowTaskOptions WithHistoryPropagation(HistoryPropagationScope scope) => this with { PropagationScope = scope };
}

/// <summary>How much history goes along with a call.</summary>
public enum HistoryPropagationScope
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The caller's own history.</summary>
    OwnHistory = 1,

    /// <summary>The caller's and what the caller was given.</summary>
    Lineage = 2,
}
