using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.Actors.Client;
using Dapr.Actors.Communication;
using Microsoft.Extensions.Logging;

namespace Dapr.Actors.Runtime;

/// <summary>The actors of one type in this app. The runtime sees to it that each is called once at a time.</summary>
internal sealed class ActorManager
{
    private static readonly ActorMethodContext ReminderCall = new("ReceiveReminderAsync", ActorCallType.ReminderMethod);
    private static readonly ActorMethodContext TimerCall = new("FireTimerAsync", ActorCallType.TimerMethod);

    private readonly ActorTypeInformation _type;
    private readonly ActorActivator _activator;
    private readonly ActorRuntimeOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly IActorProxyFactory _proxies;
    private readonly SidecarActors _sidecar;
    private readonly SidecarTimers _timers;
    private readonly TimeProvider _clock;
    private readonly BodyFormat _format;
    private readonly Dictionary<int, RemotedInterface> _interfaces;
    private readonly Dictionary<string, RemotedMethod> _methods;
    private readonly ConcurrentDictionary<ActorId, ActorActivatorState> _active = new();

    /// <exception cref="ArgumentException">An interface of the type cannot be called over the wire.</exception>
    public ActorManager(
        ActorTypeInformation type, ActorActivator activator, ActorRuntimeOptions options, ILoggerFactory loggers, IActorProxyFactory proxies, TimeProvider clock)
    {
        _type = type;
        _activator = activator;
        _options = options;
        _loggers = loggers;
        _proxies = proxies;
        _clock = clock;
        _sidecar = new SidecarActors(handler: null, options.HttpEndpoint!, options.DaprApiToken, timeout: null);
        _timers = new SidecarTimers(_sidecar);
        _format = BodyFormat.For(options.UseJsonSerialization, options.JsonSerializerOptions);
        _interfaces = type.InterfaceTypes.Select(RemotedInterface.Of).ToDictionary(item => item.Id);
        _methods = _interfaces.Values.SelectMany(item => item.Methods).ToDictionary(method => method.Name, StringComparer.Ordinal);
    }

    /// <summary>A typed call: the header says which method, the body has its arguments. The result is the body of the answer.</summary>
    public async Task<byte[]> CallTypedAsync(ActorId id, string methodName, string header, byte[] body, CancellationToken ct)
    {
        var called = RemotingHeaders.ReadRequest(header);
        if (!_interfaces.TryGetValue(called.InterfaceId, out var offered))
        {
            throw new KeyNotFoundException($"The actor type {_type.ActorTypeName} offers no interface with the id {called.InterfaceId}.");
        }

        var method = offered.Methods.FirstOrDefault(item => item.Id == called.MethodId)
            ?? throw new MissingMethodException($"The interface {offered.Type.FullName} has no method with the id {called.MethodId}.");
        var arguments = method.RequestBody is null ? null : _format.Read(body, method.RequestBody);
        var call = new ActorMethodContext(methodName, ActorCallType.ActorInterfaceMethod);
        var result = await RunAsync(id, call, actor => method.RunAsync(actor, arguments, ct)).ConfigureAwait(false);
        return result is null ? [] : _format.Write(result);
    }

    /// <summary>A call by name, with JSON: at most one argument. The result is the body of the answer, empty for methods without a result.</summary>
    public async Task<byte[]> CallByNameAsync(ActorId id, string methodName, byte[] body, CancellationToken ct)
    {
        if (!_methods.TryGetValue(methodName, out var method))
        {
            throw new MissingMethodException($"The actor type {_type.ActorTypeName} has no method {methodName}.");
        }

        var call = new ActorMethodContext(methodName, ActorCallType.ActorInterfaceMethod);
        return await RunAsync(id, call, async actor =>
        {
            var parameters = method.Method.GetParameters();
            var takesToken = parameters is [.., { } last] && last.ParameterType == typeof(CancellationToken);
            object?[] arguments = (parameters.Length - (takesToken ? 1 : 0)) switch
            {
                0 => [],
                1 => [JsonSerializer.Deserialize(body, parameters[0].ParameterType, _options.JsonSerializerOptions)],
                _ => throw new ArgumentException($"The method {methodName} takes more than one argument and cannot be called by name."),
            };
            var task = (Task)method.Method.Invoke(actor, takesToken ? [.. arguments, ct] : arguments)!;
            await task.ConfigureAwait(false);
            return method.ResultType is { } type ? JsonSerializer.SerializeToUtf8Bytes(method.Result(task), type, _options.JsonSerializerOptions) : [];
        }).ConfigureAwait(false);
    }

    /// <summary>A reminder is due; ignored by a type that takes none.</summary>
    public async Task FireReminderAsync(ActorId id, string name, byte[] body)
    {
        if (!_type.IsRemindable)
        {
            return;
        }

        using var json = JsonDocument.Parse(body);
        var reminder = json.RootElement;
        var state = TimerInfoJson.Bytes(reminder);
        var due = TimerInfoJson.Time(reminder, "dueTime");
        var period = TimerInfoJson.Time(reminder, "period");
        await RunAsync(id, ReminderCall, async actor =>
        {
            await ((IRemindable)actor).ReceiveReminderAsync(name, state, due, period).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <summary>A timer is due. Whether its method said true, which a method that a timer may call cannot.</summary>
    public async Task<bool> FireTimerAsync(ActorId id, byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        var timer = TimerInfoJson.Read(json.RootElement);
        return await RunAsync(id, TimerCall, async actor =>
        {
            var method = Actor.TimerCallback(_type.ImplementationType, timer.Callback);
            var task = method.Invoke(actor, method.GetParameters().Length == 0 ? null : [timer.Data]) as Task;
            await (task ?? Task.CompletedTask).ConfigureAwait(false);
            return task is Task<bool> { Result: true };
        }).ConfigureAwait(false);
    }

    public async Task DeactivateAsync(ActorId id)
    {
        if (_active.TryRemove(id, out var state))
        {
            await LetGoAsync(state).ConfigureAwait(false);
        }
    }

    private async Task<T> RunAsync<T>(ActorId id, ActorMethodContext call, Func<Actor, Task<T>> body)
    {
        if (!_active.TryGetValue(id, out var state))
        {
            state = await ActivateAsync(id).ConfigureAwait(false);
        }

        if (ReentrancyChain.Current is not null && state.Actor.StateManager is ActorStateManager states)
        {
            states.BeginChainedCall();
        }

        return await state.Actor.RunAsync(call, () => body(state.Actor)).ConfigureAwait(false);
    }

    private async Task<ActorActivatorState> ActivateAsync(ActorId id)
    {
        var host = new ActorHost(_type, id, _options.JsonSerializerOptions, _loggers, _proxies, _timers) { Sidecar = _sidecar, Clock = _clock };
        var state = await _activator.CreateAsync(host).ConfigureAwait(false);
        try
        {
            await state.Actor.ActivateAsync().ConfigureAwait(false);
        }
        catch
        {
            await _activator.DeleteAsync(state).ConfigureAwait(false);
            throw;
        }

        var winner = _active.GetOrAdd(id, state);
        if (!ReferenceEquals(winner, state))
        {
            await LetGoAsync(state).ConfigureAwait(false);
        }

        return winner;
    }

    private async Task LetGoAsync(ActorActivatorState state)
    {
        try
        {
            await state.Actor.DeactivateAsync().ConfigureAwait(false);
        }
        finally
        {
            await _activator.DeleteAsync(state).ConfigureAwait(false);
        }
    }
}
