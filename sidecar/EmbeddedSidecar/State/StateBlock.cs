using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.State.Postgres;

namespace EmbeddedSidecar.State;

/// <summary>State: its component types and its API over HTTP and gRPC.</summary>
internal sealed class StateBlock : IBuildingBlock
{
    public void AddComponents(ComponentRegistry types)
    {
        types.Add("state.in-memory", context => Register(context, new InMemoryStateStore(context.Services.Clock)));
        types.Add("state.redis", context => Register(context, new RedisStateStore(context)));
        types.Add("state.postgresql", context => Register(context, new PostgresStateStore(context)), "v2");
        types.Add("state.postgres", context => Register(context, new PostgresStateStore(context)), "v2");
    }

    public void MapHttp(HttpRoutes routes) => StateHttp.Map(routes);

    public void MapGrpc(GrpcRoutes routes) => StateGrpc.Map(routes);

    // What every state store may be told, whatever it is.
    private static IStateStore Register(ComponentContext context, IStateStore store)
    {
        var (metadata, app) = (context.Metadata, context.App);
        var isActorStore = metadata.Flag("actorStateStore", false);
        if (isActorStore && app.ActorStateStore is { } other)
        {
            throw metadata.Refuse("actorStateStore", $"is also set on component \"{other.Name}\"; an app can have one actor state store");
        }

        app.StateStores.Add(context.Name, new StateStore(app, context.Name, metadata.Optional("keyPrefix"), isActorStore, store));
        return store;
    }
}
