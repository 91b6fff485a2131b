using Dapr.Workflow.Abstractions;

namespace Dapr.Workflow.Worker;

/// <summary>What this app can run, by name in any case.</summary>
public interface IWorkflowsFactory
{
    /// <summary>Registers a class as workflow, by the class's name unless another is given; the first of a name wins.</summary>
    void RegisterWorkflow<TWorkflow>(string? name = null)
        where TWorkflow : class, IWorkflow;

    /// <summary>Registers a function as workflow; the first of a name wins.</summary>
    void RegisterWorkflow<TInput, TOutput>(string name, Func<WorkflowContext, TInput, Task<TOutput>> implementation);

    /// <summary>Registers a class as activity, by the class's name unless another is given; the first of a name wins.</summary>
    void RegisterActivity<TActivity>(string? name = null)
        where TActivity : class, IWorkflowActivity;

    /// <summary>Registers a function as activity; the first of a name wins.</summary>
    void RegisterActivity<TInput, TOutput>(string name, Func<WorkflowActivityContext, TInput, Task<TOutput>> implementation);

    /// <summary>Makes an instance; false when the name is not registered or the instance cannot be made.</summary>
    bool TryCreateWorkflow(TaskIdentifier identifier, IServiceProvider serviceProvider, out IWorkflow? workflow, out Exception? activationException);

    /// <summary>Makes an instance; false when the name is not registered or the instance cannot be made.</summary>
    bool TryCreateActivity(TaskIdentifier identifier, IServiceProvider serviceProvider, out IWorkflowActivity? activity, out Exception? activationException);
}
