namespace Dapr.Workflow;

/// <summary>A workflow as the worker sees it: untyped. Derive from <see cref="Workflow{TInput, TOutput}"/> instead.</summary>
public interface IWorkflow
{
    /// <summary>What the input's JSON is read as.</summary>
    Type InputType { get; }

    /// <summary>What the body returns.</summary>
    Type OutputType { get; }

    /// <summary>Runs the body once, from its start.</summary>
    Task<object?> RunAsync(WorkflowContext context, object? input);
}

/// <summary>Base of workflows: code that is replayed from its start at every turn, so everything it learns comes from its context.</summary>
/// <typeparam name="TInput">JSON-serializable; a value type that may be absent must be nullable.</typeparam>
/// <typeparam name="TOutput">JSON-serializable.</typeparam>
public abstract class Workflow<TInput, TOutput> : IWorkflow
{
    Type IWorkflow.InputType => typeof(TInput);

    Type IWorkflow.OutputType => typeof(TOutput);

    // An absent input for a value type is a NullReferenceException by contract: unboxing null says so by itself.
    async Task<object?> IWorkflow.RunAsync(WorkflowContext context, object? input) =>
        await RunAsync(context, (TInput)input!);

    /// <summary>The body. Await only tasks made by <paramref name="context"/>.</summary>
    public abstract Task<TOutput> RunAsync(WorkflowContext context, TInput input);
}
