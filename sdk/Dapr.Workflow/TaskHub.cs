namespace Dapr.Workflow;

/// <summary>The workflow service of a sidecar.</summary>
internal static class TaskHub
{
    public const string Service = "TaskHubSidecarService";
}
