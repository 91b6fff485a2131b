#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>
/// An actor's state: named values. Reads are kept, changes are collected; both belong to the call that the actor is in. A time to live
/// needs the runtime's feature ActorStateTTL.
/// </summary>
public interface IActorStateManager
{
    /// <summary>Forgets what is kept of a state, so that the next read asks the store.</summary>
    /// <exception cref="InvalidOperationException">It was changed and not yet saved, and the options do not allow that.</exception>
    Task UnloadStateAsync(string stateName, UnloadStateOptions options = null, CancellationToken cancellationToken = default);

    /// <summary>Adds a state.</summary>
    /// <exception cref="InvalidOperationException">It is there.</exception>
    Task AddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default);

    /// <summary>Adds a state for a limited time.</summary>
    /// <exception cref="InvalidOperationException">It is there.</exception>
    Task AddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default);

    /// <summary>A state.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    Task<T> GetStateAsync<T>(string stateName, CancellationToken cancellationToken = default);

    /// <summary>Adds or replaces a state, which then has no end.</summary>
    Task SetStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default);

    /// <summary>Adds or replaces a state for a limited time.</summary>
    Task SetStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default);

    /// <summary>Removes a state.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    Task RemoveStateAsync(string stateName, CancellationToken cancellationToken = default);

    /// <summary>Adds a state; false if it is there.</summary>
    Task<bool> TryAddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default);

    /// <summary>Adds a state for a limited time; false if it is there.</summary>
    Task<bool> TryAddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default);

    /// <summary>A state, if there is one.</summary>
    Task<ConditionalValue<T>> TryGetStateAsync<T>(string stateName, CancellationToken cancellationToken = default);

    /// <summary>Removes a state; false if there is none.</summary>
    Task<bool> TryRemoveStateAsync(string stateName, CancellationToken cancellationToken = default);

    /// <summary>Whether there is a state.</summary>
    Task<bool> ContainsStateAsync(string stateName, CancellationToken cancellationToken = default);

    /// <summary>A state, added if there was none.</summary>
    Task<T> GetOrAddStateAsync<T>(string stateName, T value, CancellationToken cancellationToken = default);

    /// <summary>A state, added for a limited time if there was none.</summary>
    Task<T> GetOrAddStateAsync<T>(string stateName, T value, TimeSpan ttl, CancellationToken cancellationToken = default);

    /// <summary>Adds a state or changes the one there is; returns what it is then.</summary>
    Task<T> AddOrUpdateStateAsync<T>(
        string stateName, T addValue, Func<string, T, T> updateValueFactory, CancellationToken cancellationToken = default);

    /// <summary>Adds a state or changes the one there is, for a limited time; returns what it is then.</summary>
    Task<T> AddOrUpdateStateAsync<T>(
        string stateName, T addValue, Func<string, T, T> updateValueFactory, TimeSpan ttl, CancellationToken cancellationToken = default);

    /// <summary>Forgets what was read and changed.</summary>
    Task ClearCacheAsync(CancellationToken cancellationToken = default);

    /// <summary>Saves what was changed, in one transaction.</summary>
    Task SaveStateAsync(CancellationToken cancellationToken = default);
}

/// <summary>How a state is forgotten.</summary>
public class UnloadStateOptions
{
    /// <summary>Whether a change that was not saved may be lost.</summary>
    public bool AllowUnloadingWhenStateModified { get; set; }
}
