using System.Runtime.CompilerServices;
using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.State;

/// <summary>state.in-memory: for tests. Belongs to one app instance and dies with the sidecar.</summary>
internal sealed class InMemoryStateStore(TimeProvider clock) : IStateStore
{
    // Ten thousand years are not to be had.
    private const long LongestLife = 100L * 365 * 24 * 60 * 60;

    private readonly Dictionary<string, StateValue> _values = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "DELETE_WITH_PREFIX", "KEYS_LIKE", "ACTOR"];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public ValueTask<StateValue?> GetAsync(string key, CancellationToken ct)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Live(key));
        }
    }

    public ValueTask<StateValue?[]> BulkGetAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(keys.Select(Live).ToArray());
        }
    }

    public async ValueTask ApplyAsync(StateOperation operation, CancellationToken ct)
    {
        operation.Options.Check();
        await TransactAsync([operation], true, ct);
    }

    public ValueTask<string?> TransactAsync(IReadOnlyList<StateOperation> operations, bool allOrNothing, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach (var operation in operations)
            {
                if (!operation.IsDelete)
                {
                    operation.Options.Check();
                    _ = Expires(operation);
                }

                Check(operation);
            }

            foreach (var operation in operations)
            {
                Apply(operation);
            }

            return ValueTask.FromResult(allOrNothing ? _values.GetValueOrDefault(operations[0].Key)?.ETag : null);
        }
    }

    public async IAsyncEnumerable<string> KeysAsync(string prefix, string suffix, [EnumeratorCancellation] CancellationToken ct)
    {
        List<string> keys;
        lock (_gate)
        {
            keys = [.. _values.Keys.Where(key =>
                key.Length >= prefix.Length + suffix.Length
                && key.StartsWith(prefix, StringComparison.Ordinal) && key.EndsWith(suffix, StringComparison.Ordinal)
                && Live(key) is not null)];
        }

        foreach (var key in keys)
        {
            ct.ThrowIfCancellationRequested();
            yield return key;
        }

        await Task.CompletedTask;
    }

    public byte[] Encode(JsonElement value) => value.Rewritten();

    private StateValue? Live(string key) =>
        _values.TryGetValue(key, out var value) && !(value.ExpiresAt <= clock.GetUtcNow()) ? value : null;

    private void Check(StateOperation operation)
    {
        var current = Live(operation.Key);
        if (!string.IsNullOrEmpty(operation.ETag))
        {
            if (current is null || current.ETag != operation.ETag)
            {
                throw new StateConflictException(ConflictKind.ETagMismatch, $"possible etag mismatch. key: {operation.Key}");
            }
        }
        else if (operation.Options.IsFirstWrite && current is not null)
        {
            throw new StateConflictException(ConflictKind.ETagMismatch, $"item already exists and no etag was passed. key: {operation.Key}");
        }
    }

    private void Apply(StateOperation operation)
    {
        if (operation.Value is not { } value)
        {
            _values.Remove(operation.Key);
            return;
        }

        _values[operation.Key] = new StateValue(value.ToArray(), Guid.CreateVersion7(clock.GetUtcNow()).ToString(), Expires(operation));
    }

    private DateTimeOffset? Expires(StateOperation operation) =>
        operation.Seconds("Atoi") is > 0 and var seconds ? clock.GetUtcNow().AddSeconds(Math.Min(seconds, LongestLife)) : null;
}
