using Dapr;
using Dapr.Actors.Client;
using Dapr.Actors.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of actors.</summary>
public static class ActorsServiceCollectionExtensions
{
    /// <summary>
    /// Registers the actor runtime and <see cref="IActorProxyFactory"/>. Endpoint and token come from the options, else the app's
    /// configuration, else the environment; proxies take endpoint, token and JSON settings from the same options.
    /// </summary>
    public static void AddActors(
        this IServiceCollection? services, Action<ActorRuntimeOptions>? configure, ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRouting();
        services.AddHealthChecks();
        services.AddLogging();
        services.TryAdd(new ServiceDescriptor(typeof(ActorActivatorFactory), typeof(DependencyInjectionActivatorFactory), lifetime));
        services.TryAdd(new ServiceDescriptor(
            typeof(ActorRuntime),
            provider => new ActorRuntime(
                Options(provider),
                provider.GetRequiredService<ILoggerFactory>(),
                provider.GetRequiredService<ActorActivatorFactory>(),
                provider.GetRequiredService<IActorProxyFactory>(),
                provider.GetService<TimeProvider>() ?? TimeProvider.System),
            lifetime));
        services.TryAdd(new ServiceDescriptor(typeof(IActorProxyFactory), NewProxyFactory, lifetime));
        if (configure is not null)
        {
            services.Configure(configure);
        }
    }

    private static ActorProxyFactory NewProxyFactory(IServiceProvider provider)
    {
        var options = Options(provider);
        return new ActorProxyFactory(new ActorProxyOptions
        {
            JsonSerializerOptions = options.JsonSerializerOptions,
            DaprApiToken = options.DaprApiToken,
            HttpEndpoint = options.HttpEndpoint,
            UseJsonSerialization = options.UseJsonSerialization,
        });
    }

    private static ActorRuntimeOptions Options(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<ActorRuntimeOptions>>().Value;
        var configuration = provider.GetService<IConfiguration>();
        if (string.IsNullOrWhiteSpace(options.DaprApiToken))
        {
            options.DaprApiToken = DaprDefaults.GetDefaultDaprApiToken(configuration);
        }

        if (string.IsNullOrWhiteSpace(options.HttpEndpoint))
        {
            options.HttpEndpoint = DaprDefaults.GetDefaultHttpEndpoint(configuration);
        }

        return options;
    }
}
