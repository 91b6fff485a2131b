using System.Globalization;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.State;

/// <summary>What the HTTP and the gRPC side of state have in common: finding the store, its policy, and saying no in Dapr's words.</summary>
internal static class StateApi
{
    public const string ExpiresName = "ttlExpireTime";

    public static StateStore Find(AppInstance app, string name)
    {
        if (app.StateStores.TryGetValue(name, out var store))
        {
            return store;
        }

        return app.StateStores.Count == 0
            ? throw Rich("ERR_STATE_STORE_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, $"state store {name} is not configured", "DAPR_STATE_NOT_CONFIGURED", app)
            : throw Rich("ERR_STATE_STORE_NOT_FOUND", 400, StatusCode.InvalidArgument, $"state store {name} is not found", "DAPR_STATE_NOT_FOUND", app);
    }

    public static ValueTask<StateValue?> GetAsync(AppInstance app, StateStore store, string key, CancellationToken ct)
    {
        ApiSpans.IsAbout("state", store.Name);
        return app.Metrics is { } metrics ? CountAsync(metrics, store, "get", metrics.Now, ReadAsync(app, store, key, ct)) : ReadAsync(app, store, key, ct);
    }

    private static async ValueTask<StateValue?> ReadAsync(AppInstance app, StateStore store, string key, CancellationToken ct)
    {
        var stored = store.Key(key);
        try
        {
            return await Policy(app, store).RunAsync((store, stored), static (on, token) => on.store.Store.GetAsync(on.stored, token), static _ => 0, ct);
        }
        catch (Exception failed) when (IsStoreFailure(failed))
        {
            throw new DaprException("ERR_STATE_GET", 500, StatusCode.Internal, $"fail to get {key} from state store {store.Name}: {failed.Message}", failed) { IsRichOverGrpc = true };
        }
    }

    public static ValueTask<StateValue?[]> BulkGetAsync(AppInstance app, StateStore store, IReadOnlyList<string> keys, CancellationToken ct)
    {
        ApiSpans.IsAbout("state", store.Name);
        return app.Metrics is { } metrics ? CountAsync(metrics, store, "bulk_get", metrics.Now, ReadAsync(app, store, keys, ct)) : ReadAsync(app, store, keys, ct);
    }

    private static async ValueTask<StateValue?[]> ReadAsync(AppInstance app, StateStore store, IReadOnlyList<string> keys, CancellationToken ct)
    {
        var stored = keys.Select(store.Key).ToArray();
        try
        {
            return await Policy(app, store).RunAsync((store, stored), static (on, token) => on.store.Store.BulkGetAsync(on.stored, token), static _ => 0, ct);
        }
        catch (Exception failed) when (IsStoreFailure(failed))
        {
            throw new DaprException("ERR_STATE_BULK_GET", 500, StatusCode.Internal, $"fail to get from state store {store.Name}: {failed.Message}", failed);
        }
    }

    /// <summary>One operation alone, several side by side without atomicity. An ETag error only if nothing else went wrong.</summary>
    public static ValueTask<bool> SaveAsync(AppInstance app, StateStore store, IReadOnlyList<StateOperation> operations, string errorCode, CancellationToken ct)
    {
        if (operations.Count == 0)
        {
            return new ValueTask<bool>(true);
        }

        ApiSpans.IsAbout("state", store.Name);
        if (app.Metrics is not { } metrics)
        {
            return WriteAsync(app, store, operations, errorCode, ct);
        }

        var operation = errorCode switch { "ERR_STATE_DELETE" => "delete", "ERR_STATE_BULK_DELETE" => "bulk_delete", _ => "set" };
        return CountAsync(metrics, store, operation, metrics.Now, WriteAsync(app, store, operations, errorCode, ct));
    }

    private static async ValueTask<bool> WriteAsync(AppInstance app, StateStore store, IReadOnlyList<StateOperation> operations, string errorCode, CancellationToken ct)
    {
        if (operations.Count == 1)
        {
            try
            {
                await ApplyAsync(app, store, operations[0], ct);
            }
            catch (Exception failed) when (IsStoreFailure(failed))
            {
                throw SaveFailed(store, operations[0].Key.Split(StateStore.Separator)[^1], [failed], errorCode);
            }

            return true;
        }

        var failures = (await Task.WhenAll(operations.Select(Attempt))).OfType<Exception>().ToList();
        if (failures.Count > 0)
        {
            throw SaveFailed(store, "", failures, errorCode);
        }

        return true;

        async Task<Exception?> Attempt(StateOperation operation)
        {
            try
            {
                await ApplyAsync(app, store, operation, ct);
                return null;
            }
            catch (Exception failed) when (IsStoreFailure(failed))
            {
                return failed;
            }
        }
    }

    public static ValueTask<bool> TransactAsync(AppInstance app, StateStore store, IReadOnlyList<StateOperation> operations, CancellationToken ct)
    {
        if (operations.Count == 0)
        {
            return new ValueTask<bool>(true);
        }

        ApiSpans.IsAbout("state", store.Name);
        return app.Metrics is { } metrics
            ? CountAsync(metrics, store, "transaction", metrics.Now, ApplyAllAsync(app, store, operations, ct))
            : ApplyAllAsync(app, store, operations, ct);
    }

    private static async ValueTask<bool> ApplyAllAsync(AppInstance app, StateStore store, IReadOnlyList<StateOperation> operations, CancellationToken ct)
    {
        try
        {
            return await Policy(app, store).RunAsync(
                (store, operations),
                static async (on, token) =>
                {
                    await on.store.Store.TransactAsync(on.operations, allOrNothing: false, token);
                    return true;
                },
                static _ => 0,
                ct);
        }
        catch (Exception failed) when (IsStoreFailure(failed))
        {
            // A wrong ETag inside a transaction is no conflict to Dapr but an internal error.
            throw new DaprException("ERR_STATE_TRANSACTION", 500, StatusCode.Internal, $"error while executing state transaction: {failed.Message}", failed) { IsRichOverGrpc = true };
        }
    }

    private static async ValueTask<T> CountAsync<T>(DaprMetrics metrics, StateStore store, string operation, long began, ValueTask<T> work)
    {
        var success = false;
        try
        {
            var result = await work;
            success = true;
            return result;
        }
        finally
        {
            metrics.StateInvoked(store.Name, operation, success, began);
        }
    }

    // Whole seconds, as every store of Dapr tells it.
    public static string Expires(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static DaprException UnknownOperation(string operation) =>
        new("ERR_NOT_SUPPORTED_STATE_OPERATION", 400, StatusCode.Unimplemented, $"operation type {operation} not supported") { IsRichOverGrpc = true };

    // Redis could, with modules that are not asked for here.
    public static DaprException QueryUnsupported(StateStore store) => store.Store is RedisStateStore
        ? new("ERR_STATE_QUERY", 500, StatusCode.Internal, $"state store {store.Name} query failed: redis-json server support is required for query capability")
        {
            Reason = "DAPR_STATE_QUERY_FAILED", ResourceType = "state", ResourceName = store.Name,
        }
        : new("ERR_STATE_STORE_NOT_SUPPORTED", 500, StatusCode.Internal, "state store does not support querying")
        {
            Reason = "DAPR_STATE_QUERYING_NOT_SUPPORTED", ResourceType = "state", ResourceName = store.Name,
        };

    private static async ValueTask ApplyAsync(AppInstance app, StateStore store, StateOperation operation, CancellationToken ct) =>
        await Policy(app, store).RunAsync(
            (store, operation),
            static async (on, token) =>
            {
                await on.store.Store.ApplyAsync(on.operation, token);
                return true;
            },
            static _ => 0,
            ct);

    private static Policy Policy(AppInstance app, StateStore store) => app.Resiliency.ForComponentOutbound(store.Name, "Statestore");

    private static DaprException SaveFailed(StateStore store, string key, List<Exception> failures, string errorCode)
    {
        var kinds = failures.Select(failure => (failure as StateConflictException)?.Kind).Distinct().ToList();
        var (http, grpc) = kinds switch
        {
            [ConflictKind.ETagMismatch] => (409, StatusCode.Aborted),
            [ConflictKind.ETagInvalid] => (400, StatusCode.InvalidArgument),
            _ => (500, StatusCode.Internal),
        };
        var what = errorCode switch
        {
            "ERR_STATE_DELETE" => $"deleting state with key {key}",
            "ERR_STATE_BULK_DELETE" => $"deleting state in state store {store.Name}",
            _ => $"saving state in state store {store.Name}",
        };
        return new DaprException(errorCode, http, grpc, $"failed {what}: {failures[0].Message}", failures[0]) { IsRichOverGrpc = true };
    }

    // What a store may throw when it cannot: everything else is a bug and rises.
    private static bool IsStoreFailure(Exception failure) =>
        failure is StateConflictException or BackendException or TimeoutException or CircuitOpenException;

    private static DaprException Rich(string code, int http, StatusCode grpc, string message, string reason, AppInstance app) =>
        new(code, http, grpc, message) { Reason = reason, ErrorMetadata = new Dictionary<string, string> { ["appID"] = app.AppId }, HasMetadataOverHttpOnly = true };
}
