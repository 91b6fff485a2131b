using Dapr.Workflow;

namespace Eco2.Workflows;

/// <summary>An activity as a workflow knows it: a name tied to what goes in and what comes out, so that the compiler checks the call.</summary>
/// <param name="Name">Under which the worker registers it.</param>
public readonly record struct Activity<TInput, TOutput>(string Name);

public static class WorkflowContextExtensions
{
    public static Task<TOutput> CallAsync<TInput, TOutput>(
        this WorkflowContext context,
        Activity<TInput, TOutput> activity,
        TInput input,
        WorkflowTaskOptions? options = null) =>
        context.CallActivityAsync<TOutput>(activity.Name, input, options);
}
