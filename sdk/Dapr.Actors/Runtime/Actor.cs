#nullable disable
using Dapr.Actors.Client;
using Microsoft.Extensions.Logging;

namespace Dapr.Actors.Runtime;

/// <summary>
/// Base of actors. The runtime calls one actor once at a time (a chain of reentrant calls aside). What a call changed of the state is
/// saved in one transaction when it has ended well, and forgotten when it has thrown.
/// </summary>
public abstract partial class Actor
{
    /// <summary>For a host.</summary>
    protected Actor(ActorHost host)
    {
        Host = host;
        StateManager = new ActorStateManager(host);
        Logger = host.LoggerFactory.CreateLogger(GetType());
    }

    /// <summary>The actor's id.</summary>
    public ActorId Id => Host.Id;

    /// <summary>What the actor was given.</summary>
    public ActorHost Host { get; }

    /// <summary>Makes proxies for other actors.</summary>
    public IActorProxyFactory ProxyFactory => Host.ProxyFactory;

    /// <summary>The actor's state.</summary>
    public IActorStateManager StateManager { get; protected set; }

    /// <summary>A logger named like the class.</summary>
    protected ILogger Logger { get; }

    internal async Task ActivateAsync()
    {
        await StateManager.ClearCacheAsync().ConfigureAwait(false);
        await OnActivateAsync().ConfigureAwait(false);
        await SaveStateAsync().ConfigureAwait(false);
    }

    internal async Task DeactivateAsync()
    {
        await StateManager.ClearCacheAsync().ConfigureAwait(false);
        await OnDeactivateAsync().ConfigureAwait(false);
    }

    internal async Task<T> RunAsync<T>(ActorMethodContext context, Func<Task<T>> call)
    {
        try
        {
            await OnPreActorMethodAsync(context).ConfigureAwait(false);
            var result = await call().ConfigureAwait(false);
            await OnPostActorMethodAsync(context).ConfigureAwait(false);
            await SaveStateAsync().ConfigureAwait(false);
            return result;
        }
        catch (Exception failure)
        {
            await OnActorMethodFailedAsync(context, failure).ConfigureAwait(false);
            await StateManager.ClearCacheAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Saves what has changed so far, before the call ends.</summary>
    protected Task SaveStateAsync() => StateManager.SaveStateAsync();

    /// <summary>Called before the first call.</summary>
    protected virtual Task OnActivateAsync() => Task.CompletedTask;

    /// <summary>Called after the last call.</summary>
    protected virtual Task OnDeactivateAsync() => Task.CompletedTask;

    /// <summary>Called before each call, timers and reminders included.</summary>
    protected virtual Task OnPreActorMethodAsync(ActorMethodContext actorMethodContext) => Task.CompletedTask;

    /// <summary>Called after each call that ended well, before state is saved.</summary>
    protected virtual Task OnPostActorMethodAsync(ActorMethodContext actorMethodContext) => Task.CompletedTask;

    /// <summary>Called after each call that threw, before its changes are forgotten.</summary>
    protected virtual Task OnActorMethodFailedAsync(ActorMethodContext actorMethodContext, Exception e) => Task.CompletedTask;
}
