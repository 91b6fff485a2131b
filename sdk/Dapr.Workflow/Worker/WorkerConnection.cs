using Dapr.Common;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Workflow.Worker;

/// <summary>Sizes of messages, in bytes; null: no limit.</summary>
internal sealed record MessageSizeLimits(int? MaxReceive, int? MaxSend);

/// <summary>The worker's channel to its sidecar, with endpoint and token from the app's configuration or the environment.</summary>
internal sealed class WorkerConnection : IDisposable
{
    private readonly GrpcChannel _channel;

    public WorkerConnection(IServiceProvider services, WorkflowRuntimeOptions options, MessageSizeLimits limits)
    {
        var configuration = services.GetService<IConfiguration>();
        var channel = options.Channel(limits);
        channel.ThrowOperationCanceledOnCancellation = true;
        _channel = GrpcChannel.ForAddress(DaprDefaults.GetDefaultGrpcEndpoint(configuration), channel);
        Grpc = new GrpcInvoker(_channel, TaskHub.Service, DaprDefaults.GetDefaultDaprApiToken(configuration));
    }

    public GrpcInvoker Grpc { get; }

    public void Dispose() => _channel.Dispose();
}
