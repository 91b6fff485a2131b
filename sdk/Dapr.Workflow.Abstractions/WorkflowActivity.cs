using Dapr.Workflow.Abstractions;

namespace Dapr.Workflow
{
    /// <summary>Base of activities: one effect on the world, run at least once, with its dependencies from the constructor.</summary>
    /// <typeparam name="TInput">JSON-serializable; a value type that may be absent must be nullable.</typeparam>
    /// <typeparam name="TOutput">JSON-serializable.</typeparam>
    public abstract class WorkflowActivity<TInput, TOutput> : IWorkflowActivity
    {
        Type IWorkflowActivity.InputType => typeof(TInput);

        Type IWorkflowActivity.OutputType => typeof(TOutput);

        /// <summary>Runs the activity on an input of unknown type.</summary>
        public async Task<object?> RunAsync(WorkflowActivityContext context, object? input) =>
            await RunAsync(context, (TInput)input!).ConfigureAwait(false);

        /// <summary>The work. Whatever it throws is reported to the workflow as a failure of the task.</summary>
        public abstract Task<TOutput> RunAsync(WorkflowActivityContext context, TInput input);
    }

    /// <summary>Which execution of which activity this is.</summary>
    public abstract class WorkflowActivityContext
    {
        /// <summary>The activity's name, as the workflow called it.</summary>
        public abstract TaskIdentifier Identifier { get; }

        /// <summary>The same when the runtime delivers one scheduled attempt again; another for every retry.</summary>
        public abstract string TaskExecutionKey { get; }

        /// <summary>The workflow instance that called.</summary>
        public abstract string InstanceId { get; }
    }
}

namespace Dapr.Workflow.Abstractions
{
    /// <summary>An activity as the worker sees it: untyped. Derive from <see cref="WorkflowActivity{TInput, TOutput}"/> instead.</summary>
    public interface IWorkflowActivity
    {
        /// <summary>What the input's JSON is read as.</summary>
        Type InputType { get; }

        /// <summary>What the activity returns.</summary>
        Type OutputType { get; }

        /// <summary>Runs the activity once.</summary>
        Task<object?> RunAsync(WorkflowActivityContext context, object? input);
    }

    /// <summary>The name of a workflow or an activity.</summary>
    /// <param name="Name">As registered; compared without regard to case.</param>
    public readonly record struct TaskIdentifier(string Name)
    {
        /// <summary>Wraps a name.</summary>
        public static implicit operator TaskIdentifier(string name) => new(name);

        /// <summary>The name itself.</summary>
        public static implicit operator string(TaskIdentifier identifier) => identifier.Name;

        /// <summary>The name itself.</summary>
        public override string ToString() => Name;
    }
}
