using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Dapr.Common;
using Dapr.Common.Serialization;
using Dapr.Workflow.Registration;
using Dapr.Workflow.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dapr.Workflow
{
    /// <summary>Further settings of the workflow services.</summary>
    [SuppressMessage("Performance", "CA1815", Justification = "The official shape.")]
    public readonly struct DaprWorkflowBuilder : IDaprWorkflowBuilder
    {
        internal DaprWorkflowBuilder(IServiceCollection services) => Services = services;

        /// <inheritdoc/>
        public IServiceCollection Services { get; }

        /// <summary>How the worker turns values into text.</summary>
        public DaprWorkflowBuilder WithSerializer(IDaprSerializer serializer)
        {
            ArgumentNullException.ThrowIfNull(serializer);
            Services.Replace(ServiceDescriptor.Singleton(serializer));
            return this;
        }

        /// <summary>Message sizes of the worker, in bytes; null: no limit.</summary>
        public DaprWorkflowBuilder WithGrpcMessageSizeLimits(int? maxReceiveMessageSize = null, int? maxSendMessageSize = null)
        {
            if (maxReceiveMessageSize is { } receive)
            {
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(receive, nameof(maxReceiveMessageSize));
            }

            if (maxSendMessageSize is { } send)
            {
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(send, nameof(maxSendMessageSize));
            }

            Services.Replace(ServiceDescriptor.Singleton(new Worker.MessageSizeLimits(maxReceiveMessageSize, maxSendMessageSize)));
            return this;
        }

        /// <summary>How the worker turns values into text.</summary>
        public DaprWorkflowBuilder WithSerializer(Func<IServiceProvider, IWorkflowSerializer> serializerFactory)
        {
            ArgumentNullException.ThrowIfNull(serializerFactory);
            Services.Replace(ServiceDescriptor.Singleton<IDaprSerializer>(serializerFactory));
            return this;
        }

        /// <summary>How the worker turns values into JSON. Pair it with the client's UseJsonSerializer.</summary>
        public DaprWorkflowBuilder WithJsonSerializer(JsonSerializerOptions jsonOptions) => WithSerializer(new JsonDaprSerializer(jsonOptions));
    }
}

namespace Dapr.Workflow.Registration
{
    /// <summary>Further settings of the workflow services.</summary>
    public interface IDaprWorkflowBuilder : IDaprServiceBuilder
    {
    }
}

namespace Dapr.Workflow.Serialization
{
    /// <summary>A serializer of workflow values.</summary>
    public interface IWorkflowSerializer : IDaprSerializer
    {
    }
}
