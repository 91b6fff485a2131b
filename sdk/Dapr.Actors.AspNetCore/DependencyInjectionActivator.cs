using Microsoft.Extensions.DependencyInjection;

namespace Dapr.Actors.Runtime;

internal sealed class DependencyInjectionActivatorFactory(IServiceProvider services) : ActorActivatorFactory
{
    public override ActorActivator CreateActivator(ActorTypeInformation type) => new DependencyInjectionActivator(services, type);
}

/// <summary>Each actor has a scope of its own, which ends with it.</summary>
internal sealed class DependencyInjectionActivator(IServiceProvider services, ActorTypeInformation type) : ActorActivator
{
    private readonly Lazy<ObjectFactory> _factory = new(() => ActivatorUtilities.CreateFactory(type.ImplementationType, [typeof(ActorHost)]));

    public override async Task<ActorActivatorState> CreateAsync(ActorHost host)
    {
        var scope = services.CreateAsyncScope();
        try
        {
            return new Scoped((Actor)_factory.Value(scope.ServiceProvider, [host]), scope);
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    public override async Task DeleteAsync(ActorActivatorState state)
    {
        switch (state.Actor)
        {
            case IAsyncDisposable actor:
                await actor.DisposeAsync();
                break;
            case IDisposable actor:
                actor.Dispose();
                break;
        }

        await ((Scoped)state).Scope.DisposeAsync();
    }

    private sealed class Scoped(Actor actor, AsyncServiceScope scope) : ActorActivatorState(actor)
    {
        public AsyncServiceScope Scope { get; } = scope;
    }
}
