using System.Collections.Concurrent;
using Dapr.Workflow.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow.Worker;

/// <summary>The registrations. Instances are made per work item, with their dependencies from the item's scope.</summary>
internal sealed partial class WorkflowsFactory(ILogger<WorkflowsFactory> logger) : IWorkflowsFactory
{
    private readonly ConcurrentDictionary<string, Func<IServiceProvider, IWorkflow>> _workflows = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Func<IServiceProvider, IWorkflowActivity>> _activities = new(StringComparer.OrdinalIgnoreCase);

    public void RegisterWorkflow<TWorkflow>(string? name = null)
        where TWorkflow : class, IWorkflow
    {
        var make = ActivatorUtilities.CreateFactory<TWorkflow>([]);
        Add(_workflows, "Workflow", name ?? typeof(TWorkflow).Name, services => make(services, null));
    }

    public void RegisterWorkflow<TInput, TOutput>(string name, Func<WorkflowContext, TInput, Task<TOutput>> implementation)
    {
        var workflow = new FunctionWorkflow<TInput, TOutput>(implementation);
        Add(_workflows, "Workflow", name, _ => workflow);
    }

    public void RegisterActivity<TActivity>(string? name = null)
        where TActivity : class, IWorkflowActivity
    {
        var make = ActivatorUtilities.CreateFactory<TActivity>([]);
        Add(_activities, "Activity", name ?? typeof(TActivity).Name, services => make(services, null));
    }

    public void RegisterActivity<TInput, TOutput>(string name, Func<WorkflowActivityContext, TInput, Task<TOutput>> implementation)
    {
        var activity = new FunctionActivity<TInput, TOutput>(implementation);
        Add(_activities, "Activity", name, _ => activity);
    }

    public bool TryCreateWorkflow(
        TaskIdentifier identifier, IServiceProvider serviceProvider, out IWorkflow? workflow, out Exception? activationException) =>
        TryCreate(_workflows, identifier, serviceProvider, out workflow, out activationException);

    public bool TryCreateActivity(
        TaskIdentifier identifier, IServiceProvider serviceProvider, out IWorkflowActivity? activity, out Exception? activationException) =>
        TryCreate(_activities, identifier, serviceProvider, out activity, out activationException);

    private static bool TryCreate<T>(
        ConcurrentDictionary<string, Func<IServiceProvider, T>> registered,
        string name,
        IServiceProvider services,
        out T? instance,
        out Exception? failure)
        where T : class
    {
        instance = null;
        failure = null;
        if (!registered.TryGetValue(name, out var make))
        {
            return false;
        }

        try
        {
            instance = make(services);
            return true;
        }
#pragma warning disable CA1031 // Whatever a constructor throws is reported to the workflow, not to the worker.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            failure = thrown;
            return false;
        }
    }

    private void Add<T>(ConcurrentDictionary<string, T> registered, string kind, string name, T make)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!registered.TryAdd(name, make))
        {
            AlreadyRegistered(logger, kind, name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} '{Name}' is already registered; the first registration stays")]
    private static partial void AlreadyRegistered(ILogger logger, string kind, string name);

    private sealed class FunctionWorkflow<TInput, TOutput>(Func<WorkflowContext, TInput, Task<TOutput>> implementation) : Workflow<TInput, TOutput>
    {
        public override Task<TOutput> RunAsync(WorkflowContext context, TInput input) => implementation(context, input);
    }

    private sealed class FunctionActivity<TInput, TOutput>(Func<WorkflowActivityContext, TInput, Task<TOutput>> implementation)
        : WorkflowActivity<TInput, TOutput>
    {
        public override Task<TOutput> RunAsync(WorkflowActivityContext context, TInput input) => implementation(context, input);
    }
}
