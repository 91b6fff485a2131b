#nullable disable
using System.Reflection;

namespace Dapr.Actors.Runtime;

public abstract partial class Actor
{
    private const BindingFlags AnyMethod = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    /// <summary>Calls a method of this actor later, again and again unless the period is -1 ms. A timer dies with the actor's activation.</summary>
    /// <param name="timerName">Unique within the actor; one is made up if it is empty.</param>
    /// <param name="callback">Name of a method, of any visibility, that is not overloaded, takes nothing or the bytes, and returns a <see cref="Task"/>.</param>
    /// <param name="callbackParams">What the method is given.</param>
    /// <param name="dueTime">When first.</param>
    /// <param name="period">How often then; -1 ms: never again.</param>
    /// <exception cref="ArgumentException">No such method.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public Task<ActorTimer> RegisterTimerAsync(string timerName, string callback, byte[] callbackParams, TimeSpan dueTime, TimeSpan period) =>
        RegisterAsync(name => new ActorTimer(Host.ActorTypeInfo.ActorTypeName, Id, name, callback, callbackParams, dueTime, period), timerName, callback);

    /// <summary>The same, for a limited time.</summary>
    /// <exception cref="ArgumentException">No such method.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time that cannot be.</exception>
    public Task<ActorTimer> RegisterTimerAsync(
        string timerName, string callback, byte[] callbackParams, TimeSpan dueTime, TimeSpan period, TimeSpan ttl) =>
        RegisterAsync(name => new ActorTimer(Host.ActorTypeInfo.ActorTypeName, Id, name, callback, callbackParams, dueTime, period, ttl), timerName, callback);

    internal static MethodInfo TimerCallback(Type actorType, string callback)
    {
        try
        {
            return actorType.GetMethod(callback, AnyMethod)
                ?? throw new ArgumentException($"The timer's method {callback} does not exist in {actorType.FullName}.", nameof(callback));
        }
        catch (AmbiguousMatchException)
        {
            throw new ArgumentException($"The timer's method {callback} of {actorType.FullName} is overloaded.", nameof(callback));
        }
    }

    /// <summary>Ends a timer.</summary>
    protected Task UnregisterTimerAsync(ActorTimer timer) => Host.TimerManager.UnregisterTimerAsync(timer);

    /// <summary>Ends a timer.</summary>
    protected Task UnregisterTimerAsync(string timerName) =>
        Host.TimerManager.UnregisterTimerAsync(new ActorTimerToken(Host.ActorTypeInfo.ActorTypeName, Id, timerName));

    private async Task<ActorTimer> RegisterAsync(Func<string, ActorTimer> make, string timerName, string callback)
    {
        var method = TimerCallback(Host.ActorTypeInfo.ImplementationType, callback);
        if (method.GetParameters().Length > 1)
        {
            throw new ArgumentException($"The timer's method {callback} takes more than one parameter.", nameof(callback));
        }

        if (method.ReturnType != typeof(Task))
        {
            throw new ArgumentException($"The timer's method {callback} must return a Task.", nameof(callback));
        }

        var timer = make(string.IsNullOrEmpty(timerName) ? $"{Id}_Timer_{Guid.CreateVersion7(Host.Clock.GetUtcNow())}" : timerName);
        await Host.TimerManager.RegisterTimerAsync(timer).ConfigureAwait(false);
        return timer;
    }
}
