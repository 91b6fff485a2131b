using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using Item = EmbeddedSidecar.Configurations.RedisConfiguration.Item;

namespace EmbeddedSidecar.Configurations;

/// <summary>Configuration over HTTP: changes are posted to the app at <c>/configuration/{store}/{key}</c>.</summary>
internal sealed partial class ConfigurationHttp(ILogger<ConfigurationHttp> log)
{
    public void Map(HttpRoutes routes)
    {
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
        {
            routes.Map("GET", $"/{version}/configuration/{{store}}", GetAsync);
            routes.Map("GET", $"/{version}/configuration/{{store}}/subscribe", SubscribeAsync);
            routes.Map("GET", $"/{version}/configuration/{{store}}/{{id}}/unsubscribe", UnsubscribeAsync);
        }
    }

    private static async Task GetAsync(ApiCall call)
    {
        var items = await ConfigurationApi.GetAsync(call.App, call.Args[0], Keys(call), call.Aborted);
        if (items.Count == 0)
        {
            call.NoContent();
            return;
        }

        await call.JsonLineAsync(json => Write(json, items));
    }

    private async Task SubscribeAsync(ApiCall call)
    {
        var (app, store) = (call.App, call.Args[0]);
        ConfigurationApi.Find(app, store);
        if (!app.Channel.IsConfigured)
        {
            throw new DaprException(
                "ERR_APP_CHANNEL_NIL", 500, StatusCode.Internal, "app channel is not initialized. cannot subscribe to configuration updates");
        }

        var id = await ConfigurationApi.SubscribeAsync(app, store, Keys(call), (subscription, items, ct) => PostAsync(app, store, subscription, items, ct), call.Aborted);
        await call.JsonLineAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteEndObject();
        });
    }

    private static async Task UnsubscribeAsync(ApiCall call)
    {
        var failed = await ConfigurationApi.UnsubscribeAsync(call.App, call.Args[0], call.Args[1]);
        await call.JsonLineAsync(
            json =>
            {
                json.WriteStartObject();
                if (failed is null)
                {
                    json.WriteBoolean("ok", true);
                }
                else
                {
                    // Dapr leaves a false "ok" out.
                    json.WriteString("message", failed);
                }

                json.WriteEndObject();
            },
            failed is null ? 200 : 500);
    }

    private async Task PostAsync(AppInstance app, string store, string id, IReadOnlyDictionary<string, Item> items, CancellationToken ct)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WritePropertyName("items");
            Write(json, items);
            json.WriteEndObject();
        }

        foreach (var key in items.Keys)
        {
            try
            {
                await app.Resiliency.ForComponentInbound(store, "Configuration").RunAsync(token => SendAsync(app, store, key, body.WrittenMemory, token), ct);
            }
            catch (Exception failed) when (failed is HttpRequestException or TimeoutException or Resiliency.CircuitOpenException)
            {
                NotTold(log, app.AppId, store, key, failed.Message);
            }
        }
    }

    private static async ValueTask<bool> SendAsync(AppInstance app, string store, string key, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var path = $"/configuration/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(key)}";
        using var request = new HttpRequestMessage(HttpMethod.Post, app.Channel.Address(path));
        request.Content = new ReadOnlyMemoryContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await app.Channel.SendAsync(request, ct);
        return response.Status == StatusCodes.Status200OK
            ? true
            : throw new HttpRequestException($"error sending configuration item to application, status {response.Status}");
    }

    private static string[] Keys(ApiCall call) => [.. call.Http.Request.Query["key"].OfType<string>()];

    private static void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, Item> items)
    {
        json.WriteStartObject();
        foreach (var (key, item) in items)
        {
            json.WriteStartObject(key);
            if (item.Value.Length > 0)
            {
                json.WriteString("value", item.Value);
            }

            if (item.Version.Length > 0)
            {
                json.WriteString("version", item.Version);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "App {AppId} was not told the change of {Key} in configuration store {Store}: {Reason}")]
    private static partial void NotTold(ILogger log, string appId, string store, string key, string reason);
}
