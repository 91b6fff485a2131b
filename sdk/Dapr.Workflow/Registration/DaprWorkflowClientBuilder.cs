using System.Text.Json;
using Dapr.Common;
using Dapr.Common.Serialization;
using Dapr.Workflow.Serialization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Workflow.Registration;

/// <summary>Makes a <see cref="DaprWorkflowClient"/>.</summary>
public sealed class DaprWorkflowClientBuilder(IConfiguration? configuration = null) : DaprGenericClientBuilder<DaprWorkflowClient>(configuration)
{
    private Func<IServiceProvider?, IDaprSerializer>? _serializer;

    internal IServiceProvider? Services { get; init; }

    /// <summary>How the client turns values into text.</summary>
    public DaprWorkflowClientBuilder UseSerializer(IDaprSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _serializer = _ => serializer;
        return this;
    }

    /// <summary>How the client turns values into text.</summary>
    public DaprWorkflowClientBuilder UseSerializer(Func<IServiceProvider, IWorkflowSerializer> serializerFactory)
    {
        ArgumentNullException.ThrowIfNull(serializerFactory);
        _serializer = services => serializerFactory(services ?? throw new InvalidOperationException("A serializer factory needs a service provider."));
        return this;
    }

    /// <summary>How the client turns values into JSON.</summary>
    public DaprWorkflowClientBuilder UseJsonSerializer(JsonSerializerOptions jsonOptions) => UseSerializer(new JsonDaprSerializer(jsonOptions));

    /// <inheritdoc/>
    public override DaprWorkflowClient Build()
    {
        var (channel, http, _, token) = BuildDaprClientDependencies(typeof(DaprWorkflowClient).Assembly);
        if (channel.Http != http)
        {
            http.Dispose();
        }

        return new DaprWorkflowClient(
            channel,
            token,
            _serializer?.Invoke(Services) ?? new JsonDaprSerializer(JsonSerializerOptions),
            Services?.GetService<TimeProvider>() ?? TimeProvider.System);
    }
}
