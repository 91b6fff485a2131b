using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.State;

/// <summary>State over HTTP.</summary>
internal static class StateHttp
{
    public static void Map(HttpRoutes routes)
    {
        routes.Map("GET", "/v1.0/state/{store}/{key}", GetAsync);
        routes.Map("DELETE", "/v1.0/state/{store}/{key}", DeleteAsync);
        routes.Map("POST PUT", "/v1.0/state/{store}", SaveAsync);
        routes.Map("POST PUT", "/v1.0/state/{store}/bulk", BulkGetAsync);
        routes.Map("POST PUT", "/v1.0/state/{store}/transaction", TransactAsync);
        routes.Map("POST PUT", "/v1.0-alpha1/state/{store}/query", QueryAsync);
    }

    private static async Task GetAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        if (await StateApi.GetAsync(call.App, store, call.Args[1], call.Aborted) is not { } value)
        {
            call.NoContent();
            return;
        }

        call.Http.Response.Headers.ETag = value.ETag;
        if (value.ExpiresAt is { } expires)
        {
            call.Http.Response.Headers["metadata." + StateApi.ExpiresName] = StateApi.Expires(expires);
        }

        await call.BytesAsync(value.Data, "application/json");
    }

    private static async Task DeleteAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        var delete = StateOperation.Delete(
            store.Key(call.Args[1]), call.Http.Request.Headers.IfMatch.ToString(), new WriteOptions(call.Query("concurrency"), call.Query("consistency")));
        await StateApi.SaveAsync(call.App, store, [delete], "ERR_STATE_DELETE", call.Aborted);
        call.NoContent();
    }

    private static async Task SaveAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        using var body = await call.JsonBodyAsync();
        if (body.RootElement.ValueKind != JsonValueKind.Array)
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an array of state items is expected");
        }

        var metadata = call.Metadata();
        var operations = new List<StateOperation>(body.RootElement.GetArrayLength());
        foreach (var item in body.RootElement.EnumerateArray())
        {
            operations.Add(Upsert(store, item, metadata));
        }

        await StateApi.SaveAsync(call.App, store, operations, "ERR_STATE_SAVE", call.Aborted);
        call.NoContent();
    }

    private static async Task BulkGetAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        using var body = await call.JsonBodyAsync();
        if (body.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an object with keys is expected");
        }

        List<string> keys = body.RootElement.TryGetMember("keys", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(key => key.ValueKind == JsonValueKind.String ? key.GetString()! : throw DaprException.Malformed("a key is not a string"))]
            : [];
        var values = await StateApi.BulkGetAsync(call.App, store, keys, call.Aborted);
        await call.JsonLineAsync(json =>
        {
            json.WriteStartArray();
            for (var i = 0; i < keys.Count; i++)
            {
                WriteItem(json, keys[i], values[i]);
            }

            json.WriteEndArray();
        });
    }

    private static async Task TransactAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        using var body = await call.JsonBodyAsync();
        if (body.RootElement.ValueKind != JsonValueKind.Object || !body.RootElement.TryGetMember("operations", out var list)
            || list.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an object with operations is expected");
        }

        var metadata = call.Metadata();
        var operations = new List<StateOperation>();
        foreach (var item in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default)
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetMember("request", out var request) || request.ValueKind != JsonValueKind.Object)
            {
                throw DaprException.Malformed("an operation without a request");
            }

            operations.Add(Text(item, "operation") switch
            {
                "upsert" => Upsert(store, request, metadata),
                "delete" => StateOperation.Delete(Key(store, request), Text(request, "etag"), Options(request)),
                var other => throw StateApi.UnknownOperation(other ?? ""),
            });
        }

        await StateApi.TransactAsync(call.App, store, operations, call.Aborted);
        call.NoContent();
    }

    private static Task QueryAsync(ApiCall call)
    {
        var store = StateApi.Find(call.App, call.Args[0]);
        throw StateApi.QueryUnsupported(store);
    }

    private static StateOperation Upsert(StateStore store, JsonElement item, IReadOnlyDictionary<string, string> callMetadata)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw DaprException.Malformed("a state item is not an object");
        }

        var value = item.TryGetMember("value", out var given) ? store.Store.Encode(given) : "null"u8.ToArray();
        return new StateOperation(Key(store, item), value, Text(item, "etag"), Options(item), StateTtl.Of(Metadata(item, callMetadata)));
    }

    private static string Key(StateStore store, JsonElement item) =>
        Text(item, "key") is { Length: > 0 } key ? store.Key(key) : throw DaprException.Malformed("\"key\" is a required field");

    private static WriteOptions Options(JsonElement item) =>
        item.TryGetMember("options", out var options) && options.ValueKind == JsonValueKind.Object
            ? new WriteOptions(Text(options, "concurrency"), Text(options, "consistency"))
            : default;

    // What the query says counts before what the item says.
    private static Dictionary<string, string> Metadata(JsonElement item, IReadOnlyDictionary<string, string> callMetadata)
    {
        var merged = new Dictionary<string, string>(StringComparer.Ordinal);
        if (item.TryGetMember("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object)
        {
            foreach (var pair in metadata.EnumerateObject())
            {
                merged[pair.Name] = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString()! : throw DaprException.Malformed($"metadata {pair.Name} is not a string");
            }
        }

        foreach (var (name, value) in callMetadata)
        {
            merged[name] = value;
        }

        return merged;
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetMember(name, out var text) && text.ValueKind != JsonValueKind.Null
            ? text.ValueKind == JsonValueKind.String ? text.GetString() : throw DaprException.Malformed($"{name} is not a string")
            : null;

    private static void WriteItem(Utf8JsonWriter json, string key, StateValue? value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        if (value is not null)
        {
            if (IsJson(value.Data))
            {
                json.WritePropertyName("data");
                json.WriteRawValue(value.Data, skipInputValidation: true);
                json.WriteString("etag", value.ETag);
            }
            else
            {
                // Bytes that came by gRPC need not be JSON, and this answer has no other way to carry them.
                json.WriteString("error", "the value is not JSON; read it alone or by gRPC");
            }

            if (value.ExpiresAt is { } expires)
            {
                json.WriteStartObject("metadata");
                json.WriteString(StateApi.ExpiresName, StateApi.Expires(expires));
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    private static bool IsJson(byte[] data)
    {
        try
        {
            var reader = GoJson.Reader(data);
            while (reader.Read())
            {
                reader.Skip();
            }

            return data.Length > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
