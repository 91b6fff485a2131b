using System.Diagnostics.CodeAnalysis;
using Dapr.Common;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.DistributedLock
{
    /// <summary>What <c>AddDaprDistributedLock</c> returns.</summary>
    public interface IDaprDistributedLockBuilder : IDaprServiceBuilder;
}

namespace Dapr.DistributedLock.Extensions
{
    /// <summary>What <c>AddDaprDistributedLock</c> returns.</summary>
    public sealed class DaprLockBuilder(IServiceCollection services) : IDaprDistributedLockBuilder
    {
        /// <inheritdoc/>
        public IServiceCollection Services { get; } = services;
    }

    /// <summary>Makes a <see cref="DaprDistributedLockClient"/>.</summary>
    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public sealed class DaprDistributedLockBuilder(IConfiguration? configuration = null) : DaprGenericClientBuilder<DaprDistributedLockClient>(configuration)
    {
        /// <inheritdoc/>
        public override DaprDistributedLockClient Build()
        {
            var (channel, http, _, token) = BuildDaprClientDependencies(typeof(DaprDistributedLockClient).Assembly);
            return new DaprDistributedLockGrpcClient(channel, http, token);
        }
    }

    /// <summary>Registration of the lock client.</summary>
    [Experimental("DAPR_DISTRIBUTEDLOCK")]
    public static class DaprDistributedLockServiceCollectionExtensions
    {
        /// <summary>Registers <see cref="DaprDistributedLockClient"/>, one per scope unless <paramref name="lifetime"/> says otherwise.</summary>
        public static IDaprDistributedLockBuilder AddDaprDistributedLock(
            this IServiceCollection services,
            Action<IServiceProvider, DaprDistributedLockBuilder>? configure = null,
            ServiceLifetime lifetime = ServiceLifetime.Scoped)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddHttpClient();
            services.Add(new ServiceDescriptor(
                typeof(DaprDistributedLockClient),
                provider =>
                {
                    var builder = new DaprDistributedLockBuilder(provider.GetService<IConfiguration>());
                    configure?.Invoke(provider, builder);
                    return builder.Build();
                },
                lifetime));
            return new DaprLockBuilder(services);
        }
    }
}
