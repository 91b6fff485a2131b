using Dapr.Workflow.Abstractions;
using Dapr.Workflow.Worker;
using Grpc.Net.Client;

namespace Dapr.Workflow;

/// <summary>Which workflows and activities this app runs.</summary>
public sealed class WorkflowRuntimeOptions
{
    private readonly List<Action<IWorkflowsFactory>> _registrations = [];

    /// <summary>Only its two message sizes are taken over.</summary>
    public GrpcChannelOptions? GrpcChannelOptions { get; private set; }

    /// <summary>Has no effect on the runtime's own limits.</summary>
    [Obsolete("The limits of the runtime's configuration apply.")]
    public int MaxConcurrentWorkflows
    {
        get => WorkflowLimit;
        set => WorkflowLimit = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "At least one.");
    }

    /// <summary>Has no effect on the runtime's own limits.</summary>
    [Obsolete("The limits of the runtime's configuration apply.")]
    public int MaxConcurrentActivities
    {
        get => ActivityLimit;
        set => ActivityLimit = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "At least one.");
    }

    internal int WorkflowLimit { get; private set; } = 100;

    internal int ActivityLimit { get; private set; } = 100;

    /// <summary>Message sizes of the worker's channel.</summary>
    public void UseGrpcChannelOptions(GrpcChannelOptions grpcChannelOptions) =>
        GrpcChannelOptions = grpcChannelOptions ?? throw new ArgumentNullException(nameof(grpcChannelOptions));

    /// <summary>Registers a function as workflow.</summary>
    public void RegisterWorkflow<TInput, TOutput>(string name, Func<WorkflowContext, TInput, Task<TOutput>> implementation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(implementation);
        _registrations.Add(factory => factory.RegisterWorkflow(name, implementation));
    }

    /// <summary>Registers a class as workflow, by the class's name unless another is given.</summary>
    public void RegisterWorkflow<TWorkflow>(string? name = null)
        where TWorkflow : class, IWorkflow => _registrations.Add(factory => factory.RegisterWorkflow<TWorkflow>(name));

    /// <summary>Registers a function as activity.</summary>
    public void RegisterActivity<TInput, TOutput>(string name, Func<WorkflowActivityContext, TInput, Task<TOutput>> implementation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(implementation);
        _registrations.Add(factory => factory.RegisterActivity(name, implementation));
    }

    /// <summary>Registers a class as activity, by the class's name unless another is given.</summary>
    public void RegisterActivity<TActivity>(string? name = null)
        where TActivity : class, IWorkflowActivity => _registrations.Add(factory => factory.RegisterActivity<TActivity>(name));

    /// <summary>Hands every registration to a factory, in order.</summary>
    public void ApplyRegistrations(IWorkflowsFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        foreach (var register in _registrations)
        {
            register(factory);
        }
    }

    internal GrpcChannelOptions Channel(MessageSizeLimits limits) => new()
    {
        MaxReceiveMessageSize = limits.MaxReceive ?? GrpcChannelOptions?.MaxReceiveMessageSize,
        MaxSendMessageSize = limits.MaxSend ?? GrpcChannelOptions?.MaxSendMessageSize,
    };
}
