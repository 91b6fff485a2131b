using Dapr.Common;
using Microsoft.Extensions.Configuration;

namespace Dapr.Jobs;

/// <summary>Makes a <see cref="DaprJobsClient"/>.</summary>
public sealed class DaprJobsClientBuilder(IConfiguration? configuration = null) : DaprGenericClientBuilder<DaprJobsClient>(configuration)
{
    /// <inheritdoc/>
    public override DaprJobsClient Build()
    {
        var (channel, http, _, token) = BuildDaprClientDependencies(typeof(DaprJobsClient).Assembly);
        return new DaprJobsGrpcClient(channel, http, token);
    }
}
