using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Configurations;

/// <summary>The configuration API: items of a store, and being told when they change.</summary>
internal sealed class ConfigurationBlock(HostServices services) : IBuildingBlock
{
    private readonly ConfigurationHttp _http = new(services.Logs.CreateLogger<ConfigurationHttp>());

    public void AddComponents(ComponentRegistry types) => types.Add("configuration.redis", context => new RedisConfiguration(context));

    public void MapHttp(HttpRoutes routes) => _http.Map(routes);

    public void MapGrpc(GrpcRoutes routes) => ConfigurationGrpc.Map(routes);
}
