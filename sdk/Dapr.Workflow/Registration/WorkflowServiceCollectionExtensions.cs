using Dapr.Common.Serialization;
using Dapr.Workflow.Registration;
using Dapr.Workflow.Serialization;
using Dapr.Workflow.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dapr.Workflow;

/// <summary>Registration of the workflow client and worker. One call per app: registrations of a second one are lost.</summary>
public static class WorkflowServiceCollectionExtensions
{
    /// <summary>Registers client and worker without workflows.</summary>
    public static IServiceCollection AddDaprWorkflow(this IServiceCollection services) => services.AddDaprWorkflow(static _ => { });

    /// <summary>Registers client and worker; inject <see cref="DaprWorkflowClient"/>, the interface is not registered.</summary>
    public static IServiceCollection AddDaprWorkflow(
        this IServiceCollection services, Action<WorkflowRuntimeOptions> configure, ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddDaprWorkflowBuilder(configure, configureClient: null, lifetime).Services;
    }

    /// <summary>Registers client and worker, and offers more settings.</summary>
    public static DaprWorkflowBuilder AddDaprWorkflowBuilder(
        this IServiceCollection services,
        Action<WorkflowRuntimeOptions>? configureRuntime,
        Action<IServiceProvider, DaprWorkflowClientBuilder>? configureClient = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddLogging();
        var runtime = new WorkflowRuntimeOptions();
        configureRuntime?.Invoke(runtime);
        services.TryAddSingleton(runtime);
        services.TryAddSingleton<IWorkflowsFactory>(provider =>
        {
            var factory = new WorkflowsFactory(provider.GetRequiredService<ILogger<WorkflowsFactory>>());
            provider.GetRequiredService<WorkflowRuntimeOptions>().ApplyRegistrations(factory);
            return factory;
        });
        services.TryAddSingleton(provider => (IDaprSerializer?)provider.GetService<IWorkflowSerializer>() ?? new JsonDaprSerializer());
        services.TryAddSingleton(new MessageSizeLimits(MaxReceive: null, MaxSend: null));
        services.TryAddSingleton<WorkerConnection>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, WorkflowWorker>());
        services.TryAdd(new ServiceDescriptor(
            typeof(DaprWorkflowClient),
            provider =>
            {
                var configuration = provider.GetService<IConfiguration>();
                var builder = new DaprWorkflowClientBuilder(configuration) { Services = provider };
                builder.UseGrpcEndpoint(DaprDefaults.GetDefaultGrpcEndpoint(configuration));
                // Unlike the client of a builder this one has the limits of the worker, and a call that is given up is an RpcException.
                builder.UseGrpcChannelOptions(provider.GetRequiredService<WorkflowRuntimeOptions>().Channel(provider.GetRequiredService<MessageSizeLimits>()));
                configureClient?.Invoke(provider, builder);
                return builder.Build();
            },
            lifetime));
        return new DaprWorkflowBuilder(services);
    }
}
