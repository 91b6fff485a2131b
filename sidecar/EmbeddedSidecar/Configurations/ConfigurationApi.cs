using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using Item = EmbeddedSidecar.Configurations.RedisConfiguration.Item;

namespace EmbeddedSidecar.Configurations;

/// <summary>What the HTTP and the gRPC side of configuration have in common.</summary>
internal static class ConfigurationApi
{
    public static RedisConfiguration Find(AppInstance app, string name)
    {
        if (app.Components.GetValueOrDefault(name)?.Component is RedisConfiguration store)
        {
            return store;
        }

        return app.ComponentsOf<RedisConfiguration>().Any()
            ? throw new DaprException("ERR_CONFIGURATION_STORE_NOT_FOUND", 400, StatusCode.InvalidArgument, $"configuration store {name} not found") { IsRichOverGrpc = true }
            : throw new DaprException("ERR_CONFIGURATION_STORE_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, "configuration stores not configured") { IsRichOverGrpc = true };
    }

    public static async ValueTask<Dictionary<string, Item>> GetAsync(AppInstance app, string name, IReadOnlyList<string> keys, CancellationToken ct)
    {
        var store = Find(app, name);
        var began = app.Metrics?.Now ?? 0;
        var success = false;
        try
        {
            var found = await Policy(app, name).RunAsync(token => store.GetAsync(keys, token), ct);
            success = true;
            return found;
        }
        catch (Exception failed) when (IsStoreFailure(failed))
        {
            throw new DaprException(
                "ERR_CONFIGURATION_GET", 500, StatusCode.Internal, $"failed to get [{string.Join(' ', keys)}] from Configuration store {name}: {failed.Message}", failed) { IsRichOverGrpc = true };
        }
        finally
        {
            app.Metrics?.ConfigurationInvoked(name, "get", success, began);
        }
    }

    public static async ValueTask<string> SubscribeAsync(
        AppInstance app,
        string name,
        IReadOnlyList<string> keys,
        Func<string, IReadOnlyDictionary<string, Item>, CancellationToken, Task> changed,
        CancellationToken ct)
    {
        var store = Find(app, name);
        var began = app.Metrics?.Now ?? 0;
        var success = false;
        try
        {
            var id = await Policy(app, name).RunAsync(token => store.SubscribeAsync(keys, changed, token), ct);
            success = true;
            return id;
        }
        catch (Exception failed) when (IsStoreFailure(failed))
        {
            throw new DaprException(
                "ERR_CONFIGURATION_SUBSCRIBE",
                500,
                StatusCode.InvalidArgument,
                $"failed to subscribe [{string.Join(' ', keys)}] from Configuration store {name}: {failed.Message}",
                failed) { IsRichOverGrpc = true };
        }
        finally
        {
            app.Metrics?.ConfigurationInvoked(name, "subscribe", success, began);
        }
    }

    /// <summary>What went wrong, or null.</summary>
    public static async ValueTask<string?> UnsubscribeAsync(AppInstance app, string name, string id) =>
        await Find(app, name).UnsubscribeAsync(id) ? null : $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist";

    private static Policy Policy(AppInstance app, string name) => app.Resiliency.ForComponentOutbound(name, "Configuration");

    private static bool IsStoreFailure(Exception failure) => failure is BackendException or TimeoutException or CircuitOpenException;
}
