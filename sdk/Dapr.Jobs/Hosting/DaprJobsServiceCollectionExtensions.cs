using Dapr.Common;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Jobs
{
    /// <summary>What <c>AddDaprJobsClient</c> returns.</summary>
    public interface IDaprJobsBuilder : IDaprServiceBuilder;
}

namespace Dapr.Jobs.Extensions
{
    /// <summary>What <c>AddDaprJobsClient</c> returns.</summary>
    public sealed class DaprJobsBuilder(IServiceCollection services) : IDaprJobsBuilder
    {
        /// <inheritdoc/>
        public IServiceCollection Services { get; } = services;
    }

    /// <summary>Registration of the jobs client.</summary>
    public static class DaprJobsServiceCollectionExtensions
    {
        /// <summary>Registers <see cref="DaprJobsClient"/>. The token comes from the app's configuration first, endpoints from the environment.</summary>
        public static IDaprJobsBuilder AddDaprJobsClient(
            this IServiceCollection services,
            Action<IServiceProvider, DaprJobsClientBuilder>? configure = null,
            ServiceLifetime lifetime = ServiceLifetime.Singleton)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddHttpClient();
            services.Add(new ServiceDescriptor(
                typeof(DaprJobsClient),
                provider =>
                {
                    var builder = new DaprJobsClientBuilder(provider.GetService<IConfiguration>());
                    configure?.Invoke(provider, builder);
                    return builder.Build();
                },
                lifetime));
            return new DaprJobsBuilder(services);
        }
    }
}
