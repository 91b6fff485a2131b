using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Resources;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Secrets;

/// <summary>Secrets over HTTP and gRPC, within the scopes of the Configuration.</summary>
internal sealed class SecretsBlock : IBuildingBlock
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    public void AddComponents(ComponentRegistry types)
    {
        types.Add("secretstores.local.file", context => new LocalFileSecretStore(context));
        types.Add("secretstores.local.env", context => new LocalEnvSecretStore(context));
    }

    public void MapHttp(HttpRoutes routes)
    {
        routes.Map("GET", "/v1.0/secrets/{store}/bulk", AllAsync);
        routes.Map("GET", "/v1.0/secrets/{store}/{key}", GetAsync);
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        routes.MapUnary(Service + "GetSecret", GetSecretRequest.Parser, async (call, request) =>
        {
            var response = new GetSecretResponse();
            response.Data.Add(await FindAsync(call.App, request.StoreName, request.Key, call.Aborted));
            return response;
        });
        routes.MapUnary(Service + "GetBulkSecret", GetBulkSecretRequest.Parser, async (call, request) =>
        {
            var response = new GetBulkSecretResponse();
            foreach (var (name, entries) in await FindAllAsync(call.App, request.StoreName, call.Aborted))
            {
                var secret = new SecretResponse();
                secret.Secrets.Add(new Dictionary<string, string>(entries));
                response.Data.Add(name, secret);
            }

            return response;
        });
    }

    private static async Task GetAsync(ApiCall call)
    {
        var found = await FindAsync(call.App, call.Args[0], call.Args[1], call.Aborted);
        await call.JsonLineAsync(json => Write(json, found));
    }

    private static async Task AllAsync(ApiCall call)
    {
        var all = await FindAllAsync(call.App, call.Args[0], call.Aborted);
        await call.JsonLineAsync(json =>
        {
            json.WriteStartObject();
            foreach (var (name, entries) in all)
            {
                json.WritePropertyName(name);
                Write(json, entries);
            }

            json.WriteEndObject();
        });
    }

    private static async Task<Dictionary<string, string>> FindAsync(AppInstance app, string storeName, string key, CancellationToken ct)
    {
        var store = Store(app, storeName);
        if (Scope(app, storeName)?.Allows(key) == false)
        {
            throw new DaprException("ERR_PERMISSION_DENIED", 403, StatusCode.PermissionDenied, $"access denied by policy to get \"{key}\" from \"{storeName}\"");
        }

        ApiSpans.IsAbout("secrets", storeName);
        var began = app.Metrics?.Now ?? 0;
        IReadOnlyDictionary<string, string>? found = null;
        try
        {
            // To a policy, a secret that is not there is a call that failed.
            found = await app.Resiliency.ForComponentOutbound(storeName, "Secretstore").RunAsync(
                async token => await store.GetAsync(key, token) ?? throw new KeyNotFoundException($"secret {key} not found"), ct);
            return new Dictionary<string, string>(found);
        }
        catch (Exception failed) when (failed is KeyNotFoundException or TimeoutException or CircuitOpenException)
        {
            throw new DaprException("ERR_SECRET_GET", 500, StatusCode.Internal, $"failed getting secret with key {key} from secret store {storeName}: {failed.Message}", failed);
        }
        finally
        {
            app.Metrics?.SecretInvoked(storeName, "get", found is not null, began);
        }
    }

    private static async Task<Dictionary<string, IReadOnlyDictionary<string, string>>> FindAllAsync(AppInstance app, string storeName, CancellationToken ct)
    {
        var store = Store(app, storeName);
        var scope = Scope(app, storeName);
        ApiSpans.IsAbout("secrets", storeName);
        var began = app.Metrics?.Now ?? 0;
        var all = await store.AllAsync(ct);
        app.Metrics?.SecretInvoked(storeName, "bulk_get", true, began);
        return all.Where(secret => scope?.Allows(secret.Key) != false).ToDictionary(StringComparer.Ordinal);
    }

    private static ISecretStore Store(AppInstance app, string name)
    {
        if (app.Components.TryGetValue(name, out var loaded) && loaded.Component is ISecretStore store)
        {
            return store;
        }

        return app.ComponentsOf<ISecretStore>().Any()
            ? throw new DaprException("ERR_SECRET_STORE_NOT_FOUND", 401, StatusCode.InvalidArgument, $"failed finding secret store with key {name}")
            : throw new DaprException("ERR_SECRET_STORES_NOT_CONFIGURED", 500, StatusCode.FailedPrecondition, "secret store is not configured");
    }

    private static SecretScope? Scope(AppInstance app, string store) =>
        app.Resources.Configuration.SecretScopes.FirstOrDefault(scope => scope.StoreName == store);

    private static void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, string> entries)
    {
        json.WriteStartObject();
        foreach (var (name, value) in entries)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }
}
