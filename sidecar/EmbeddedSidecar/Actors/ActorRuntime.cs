using System.Collections.Concurrent;
using System.Net.Sockets;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Actors;

/// <summary>
/// The actors of all apps of this process: who hosts which, which are active, and whose turn it is. What daprd does with a placement
/// service and calls between sidecars is one table here.
/// </summary>
/// <remarks>
/// An actor is active at one host at a time: it enters the table at the first call, at the host that <see cref="ActorHost.WeightFor"/>
/// chooses, and leaves it when it was idle or its host is no longer the chosen one. Until it has left, nobody else gets it; calls wait.
/// </remarks>
internal sealed partial class ActorRuntime : IDisposable
{
    // Five times a second apart is what daprd waits for a host to appear.
    private static readonly TimeSpan _lookupLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _redialInterval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<ActorKey, ActiveActor> _actors = new();
    private readonly Lock _gate = new();
    private readonly TimerQueue _idle;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private ActorHost[] _hosts = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ActorRuntime(HostServices services)
    {
        _clock = services.Clock;
        _log = services.Logs.CreateLogger<ActorRuntime>();
        _idle = new TimerQueue(services.Clock);
        Timers = new ActorTimers(this, services.Clock, services.Logs.CreateLogger<ActorTimers>());
    }

    public ActorTimers Timers { get; }

    public void Dispose()
    {
        Timers.Dispose();
        _idle.Dispose();
    }

    /// <summary>Calls a method, under the policy of the calling app.</summary>
    /// <exception cref="Api.DaprException">In the words of the API.</exception>
    public async Task<ActorReply> CallAsync(AppInstance caller, ActorKey key, ActorCall call, CancellationToken ct)
    {
        var policy = caller.Resiliency.ForActor(key.Type, key.Id);
        try
        {
            // A policy of one's own replaces the patience with actors that have no host.
            return await policy.WithoutTimeout().RunAsync(
                async token => await TurnAsync(
                    key,
                    call.ChainId,
                    policy.IsNone ? _lookupLimit : TimeSpan.Zero,
                    (actor, turn, run) => actor.Host.Transport.InvokeAsync(key, actor.Options.IsReentrant ? call.InChain(turn.ChainId) : call, run),
                    token),
                ct);
        }
        catch (Exception failed) when (failed is ActorCallException or HttpRequestException or IOException or TimeoutException or CircuitOpenException)
        {
            throw ActorErrors.Invoke(failed);
        }
    }

    /// <summary>Brings a reminder. Receives from the schedulers of all apps.</summary>
    public async Task<TriggerOutcome> RemindAsync(ScheduleEntry reminder, CancellationToken ct)
    {
        try
        {
            var key = new ActorKey(reminder.ActorType, reminder.ActorId);
            var cancelled = await TurnAsync(
                key, null, TimeSpan.Zero, (actor, _, run) => CountedAsync(
                    actor, actor.Host.Transport.RemindAsync(key, reminder.Name, reminder.Data, run), static (metrics, type, fine) => metrics.ActorReminderFired(type, fine)), ct);
            return cancelled ? TriggerOutcome.Cancelled : TriggerOutcome.Success;
        }
        catch (NoActorHostException)
        {
            return TriggerOutcome.Undeliverable;
        }
    }

    /// <summary>Brings a timer.</summary>
    /// <returns>True when the app wants no more of it.</returns>
    public Task<bool> FireAsync(ActorKey key, ActorTimer timer, CancellationToken ct) =>
        TurnAsync(key, null, _lookupLimit, (actor, _, run) => CountedAsync(
            actor, actor.Host.Transport.FireAsync(key, timer, run), static (metrics, type, fine) => metrics.ActorTimerFired(type, fine)), ct);

    private static Task<bool> CountedAsync(ActiveActor actor, Task<bool> call, Action<DaprMetrics, string, bool> count) =>
        actor.Host.App.Metrics is { } metrics ? CountAsync(metrics, actor.Key.Type, call, count) : call;

    private static async Task<bool> CountAsync(DaprMetrics metrics, string type, Task<bool> call, Action<DaprMetrics, string, bool> count)
    {
        var fine = false;
        try
        {
            var result = await call;
            fine = true;
            return result;
        }
        finally
        {
            count(metrics, type, fine);
        }
    }


    private enum Passage
    {
        Through,

        /// <summary>The actor is leaving; it will be somewhere else, or here anew.</summary>
        Closed,

        /// <summary>Nobody listens at its host, so nothing was sent.</summary>
        Refused,
    }

    // 1. Find the actor, or make it active at the host it belongs to. 2. Wait for the turn. 3. Call. Whatever happens to the actor or its
    // host on the way leads back to 1, until the patience is over.
    private async Task<T> TurnAsync<T>(
        ActorKey key, string? chain, TimeSpan patience, Func<ActiveActor, ActorTurns.Turn, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        var began = _clock.GetTimestamp();
        var id = chain ?? Guid.CreateVersion7(_clock.GetUtcNow()).ToString();
        while (true)
        {
            var actor = await FindAsync(key, began, patience, ct);
            var (passage, result, refused) = await PassAsync(actor, id, call, ct);
            switch (passage)
            {
                case Passage.Through:
                    return result;
                case Passage.Closed:
                    await actor.Gone.WaitAsync(ct);
                    break;
                case Passage.Refused when _clock.GetElapsedTime(began) > _lookupLimit:
                    throw new ActorCallException(refused!.Message, refused);
                case Passage.Refused:
                    await Task.Delay(_redialInterval, _clock, ct);
                    break;
            }
        }
    }

    private async Task<(Passage Passage, T Result, Exception? Refused)> PassAsync<T>(
        ActiveActor actor, string chain, Func<ActiveActor, ActorTurns.Turn, CancellationToken, Task<T>> call, CancellationToken ct)
    {
        using var turn = await WaitAsync(actor, chain, ct);
        if (turn is null)
        {
            return (Passage.Closed, default!, null);
        }

        actor.Touch(_clock.GetUtcNow());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, turn.Broken);
        try
        {
            var policy = actor.Host.App.Resiliency.ForActor(actor.Key.Type, actor.Key.Id).TimeoutOnly();
            return (Passage.Through, await policy.RunAsync(async token => await call(actor, turn, token), either.Token), null);
        }
        catch (OperationCanceledException) when (turn.Broken.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return (Passage.Closed, default!, null);
        }
        catch (HttpRequestException refused) when (refused.InnerException is SocketException)
        {
            return (Passage.Refused, default!, refused);
        }
        finally
        {
            actor.Touch(_clock.GetUtcNow());
        }
    }

    private static ValueTask<ActorTurns.Turn?> WaitAsync(ActiveActor actor, string chain, CancellationToken ct)
    {
        var waiting = actor.Turns.EnterAsync(chain, ct);
        return waiting.IsCompleted || actor.Host.App.Metrics is not { } metrics ? waiting : CountWaitAsync(metrics, actor, waiting);
    }

    private static async ValueTask<ActorTurns.Turn?> CountWaitAsync(DaprMetrics metrics, ActiveActor actor, ValueTask<ActorTurns.Turn?> waiting)
    {
        metrics.ActorCallsPending(actor.Key.Type, 1);
        try
        {
            return await waiting;
        }
        finally
        {
            metrics.ActorCallsPending(actor.Key.Type, -1);
        }
    }

    private async Task<ActiveActor> FindAsync(ActorKey key, long began, TimeSpan patience, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_actors.TryGetValue(key, out var active))
                {
                    return active;
                }

                if (HostOf(key) is { } host)
                {
                    return Activate(key, host);
                }

                changed = _changed.Task;
            }

            var left = patience - _clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                throw new NoActorHostException(key);
            }

            try
            {
                await changed.WaitAsync(left, _clock, ct);
            }
            catch (TimeoutException)
            {
                throw new NoActorHostException(key);
            }
        }
    }

    private ActiveActor Activate(ActorKey key, ActorHost host)
    {
        var actor = new ActiveActor(key, host);
        actor.Touch(_clock.GetUtcNow());
        _actors[key] = actor;
        WatchIdle(actor);
        return actor;
    }
}
