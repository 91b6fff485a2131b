using System.Text.Json;

namespace Dapr.Actors.Runtime;

/// <summary>State of one actor in its sidecar's store. Calls of a reentrant chain each have changes of their own.</summary>
internal sealed class ActorStateManager(ActorHost host) : IActorStateManager
{
    private readonly Dictionary<string, TrackedState> _own = new(StringComparer.Ordinal);
    private readonly AsyncLocal<Dictionary<string, TrackedState>?> _chained = new();

    private Dictionary<string, TrackedState> Tracked => _chained.Value ?? _own;

    private DateTimeOffset Now => host.Clock.GetUtcNow();

    /// <summary>Gives the current flow changes of its own. Must run in the flow itself, not in a call that it awaits.</summary>
    public void BeginChainedCall() => _chained.Value = new Dictionary<string, TrackedState>(StringComparer.Ordinal);

    public Task UnloadStateAsync(string stateName, UnloadStateOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        if (Tracked.TryGetValue(stateName, out var tracked) && tracked.Change != StateChange.None && options is not { AllowUnloadingWhenStateModified: true })
        {
            throw new InvalidOperationException($"The state '{stateName}' was changed and not saved yet.");
        }

        Tracked.Remove(stateName);
        return Task.CompletedTask;
    }

    public Task AddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default) => AddAsync(stateName, value, ttl: null, cancellationToken);

    public Task AddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default) =>
        AddAsync(stateName, value, ttl, cancellationToken);

    public async Task<T> GetStateAsync<T>(string stateName, CancellationToken cancellationToken = default) =>
        await TryGetStateAsync<T>(stateName, cancellationToken).ConfigureAwait(false) is { HasValue: true } found ? found.Value : throw Missing(stateName);

    public Task SetStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default) => SetAsync(stateName, value, ttl: null, cancellationToken);

    public Task SetStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default) =>
        SetAsync(stateName, value, ttl, cancellationToken);

    public async Task RemoveStateAsync(string stateName, CancellationToken cancellationToken = default)
    {
        if (!await TryRemoveStateAsync(stateName, cancellationToken).ConfigureAwait(false))
        {
            throw Missing(stateName);
        }
    }

    public Task<bool> TryAddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default) =>
        TryAddAsync(stateName, value, ttl: null, cancellationToken);

    public Task<bool> TryAddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default) =>
        TryAddAsync(stateName, value, ttl, cancellationToken);

    public async Task<ConditionalValue<T>> TryGetStateAsync<T>(string stateName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        if (!Tracked.TryGetValue(stateName, out var tracked))
        {
            tracked = await LoadAsync<T>(stateName, cancellationToken).ConfigureAwait(false);
            if (tracked is null)
            {
                return default;
            }

            Tracked[stateName] = tracked;
        }

        return tracked.IsGone(Now) ? default : new ConditionalValue<T>(true, (T)tracked.Value!);
    }

    public async Task<bool> TryRemoveStateAsync(string stateName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        if (!Tracked.TryGetValue(stateName, out var tracked))
        {
            if (!await IsStoredAsync(stateName, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            Tracked[stateName] = new TrackedState { Change = StateChange.Remove };
            return true;
        }

        if (tracked.Change == StateChange.Remove)
        {
            return false;
        }

        var isGone = tracked.IsGone(Now);
        if (isGone || tracked.Change == StateChange.Add)
        {
            Tracked.Remove(stateName);
            return !isGone;
        }

        tracked.Change = StateChange.Remove;
        return true;
    }

    public async Task<bool> ContainsStateAsync(string stateName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateName);
        return Tracked.TryGetValue(stateName, out var tracked)
            ? !tracked.IsGone(Now)
            : await IsStoredAsync(stateName, cancellationToken).ConfigureAwait(false);
    }

    public Task<T> GetOrAddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default) =>
        GetOrAddAsync(stateName, value, ttl: null, cancellationToken);

    public Task<T> GetOrAddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default) =>
        GetOrAddAsync(stateName, value, ttl, cancellationToken);

    public Task<T> AddOrUpdateStateAsync<T>(
        string stateName, T addValue, Func<string, T, T> updateValueFactory, CancellationToken cancellationToken = default) =>
        AddOrUpdateAsync(stateName, addValue, updateValueFactory, ttl: null, cancellationToken);

    public Task<T> AddOrUpdateStateAsync<T>(
        string stateName, T addValue, Func<string, T, T> updateValueFactory, TimeSpan ttl, CancellationToken cancellationToken = default) =>
        AddOrUpdateAsync(stateName, addValue, updateValueFactory, ttl, cancellationToken);

    public Task ClearCacheAsync(CancellationToken cancellationToken = default)
    {
        Tracked.Clear();
        return Task.CompletedTask;
    }

    public async Task SaveStateAsync(CancellationToken cancellationToken = default)
    {
        var changes = Tracked.Where(state => state.Value.Change != StateChange.None).ToArray();
        if (changes.Length == 0)
        {
            return;
        }

        var operations = StateOperations.Write(changes, host.JsonSerializerOptions, Now);
        await Sidecar().SaveStateAsync(host.ActorTypeInfo.ActorTypeName, host.Id.ToString(), operations, cancellationToken).ConfigureAwait(false);
        foreach (var (name, tracked) in changes)
        {
            if (tracked.Change == StateChange.Remove)
            {
                Tracked.Remove(name);
            }

            tracked.Change = StateChange.None;
        }
    }

    private static KeyNotFoundException Missing(string name) => new($"The actor has no state '{name}'.");

    private Communication.SidecarActors Sidecar() => host.Sidecar ?? throw new InvalidOperationException(
        "This actor has no store: a test that needs state replaces the actor's StateManager.");

    private async Task AddAsync<T>(string name, T value, TimeSpan? ttl, CancellationToken ct)
    {
        if (!await TryAddAsync(name, value, ttl, ct).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"The actor has a state '{name}' already.");
        }
    }

    private async Task<bool> TryAddAsync<T>(string name, T value, TimeSpan? ttl, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(name);
        var isTracked = Tracked.TryGetValue(name, out var tracked);
        if (isTracked ? !tracked!.IsGone(Now) : await IsStoredAsync(name, ct).ConfigureAwait(false))
        {
            return false;
        }

        Tracked[name] = NewState(value, isTracked ? StateChange.Update : StateChange.Add, ttl);
        return true;
    }

    private async Task SetAsync<T>(string name, T value, TimeSpan? ttl, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(name);
        var isNew = Tracked.TryGetValue(name, out var tracked)
            ? tracked.Change == StateChange.Add
            : !await IsStoredAsync(name, ct).ConfigureAwait(false);
        Tracked[name] = NewState(value, isNew ? StateChange.Add : StateChange.Update, ttl);
    }

    private async Task<T> GetOrAddAsync<T>(string name, T value, TimeSpan? ttl, CancellationToken ct)
    {
        if (await TryGetStateAsync<T>(name, ct).ConfigureAwait(false) is { HasValue: true } found)
        {
            return found.Value;
        }

        Tracked[name] = NewState(value, Tracked.ContainsKey(name) ? StateChange.Update : StateChange.Add, ttl);
        return value;
    }

    private async Task<T> AddOrUpdateAsync<T>(string name, T addValue, Func<string, T, T> update, TimeSpan? ttl, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(update);
        // What the call has seen already keeps its end; what only the store has loses it, as the official package does.
        var expires = Tracked.TryGetValue(name, out var before) ? before.Expires : null;
        if (await TryGetStateAsync<T>(name, ct).ConfigureAwait(false) is { HasValue: true } found)
        {
            var changed = update(name, found.Value);
            var change = Tracked[name].Change == StateChange.Add ? StateChange.Add : StateChange.Update;
            Tracked[name] = NewState(changed, change, ttl ?? expires - Now);
            return changed;
        }

        Tracked[name] = NewState(addValue, Tracked.ContainsKey(name) ? StateChange.Update : StateChange.Add, ttl);
        return addValue;
    }

    private TrackedState NewState<T>(T value, StateChange change, TimeSpan? ttl) =>
        new() { Value = value, Type = typeof(T), Change = change, Expires = ttl is { } time ? Now + time : null };

    private async Task<bool> IsStoredAsync(string name, CancellationToken ct) =>
        await ReadAsync(name, ct).ConfigureAwait(false) is not null;

    private async Task<TrackedState?> LoadAsync<T>(string name, CancellationToken ct) =>
        await ReadAsync(name, ct).ConfigureAwait(false) is { } stored
            ? new TrackedState { Value = JsonSerializer.Deserialize<T>(stored.Json, host.JsonSerializerOptions), Type = typeof(T), Expires = stored.Expires }
            : null;

    private async Task<(string Json, DateTimeOffset? Expires)?> ReadAsync(string name, CancellationToken ct)
    {
        var stored = await Sidecar().GetStateAsync(host.ActorTypeInfo.ActorTypeName, host.Id.ToString(), name, ct).ConfigureAwait(false);
        return stored.Json.Length == 0 || stored.Expires <= Now ? null : stored;
    }
}
