using System.Runtime.InteropServices;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Invoke;
using EmbeddedSidecar.Jobs;
using EmbeddedSidecar.State;
using EmbeddedSidecar.Telemetry;
using Google.Protobuf;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Actors;

/// <summary>Actors over HTTP.</summary>
internal static class ActorsHttp
{
    private static readonly JsonParser _tolerant = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static void Map(HttpRoutes routes)
    {
        const string root = "/v1.0/actors/{type}/{id}/";
        routes.Map("GET POST PUT DELETE", root + "method/{method}", InvokeAsync);
        routes.Map("POST PUT", root + "state", TransactAsync);
        routes.Map("GET", root + "state/{key}", GetStateAsync);
        routes.Map("POST PUT", root + "reminders/{name}", CreateReminderAsync);
        routes.Map("GET", root + "reminders/{name}", GetReminderAsync);
        routes.Map("DELETE", root + "reminders/{name}", DeleteReminderAsync);
        routes.Map("POST PUT", root + "timers/{name}", CreateTimerAsync);
        routes.Map("DELETE", root + "timers/{name}", DeleteTimerAsync);
    }

    private static async Task InvokeAsync(ApiCall call)
    {
        var key = ActorName.Callable(call.Args[0], call.Args[1]);
        var method = ActorName.Method(call.Args[2]);
        var wanted = new ActorCall(
            method, call.Http.Request.QueryString.Value ?? "", await call.BodyAsync(), [.. ForwardedHeaders.Crossing(call.Http.Request), .. Trace(call)]);
        ApiSpans.CallsActor(key.Type, method);
        var reply = await Actors(call).Runtime.CallAsync(call.App, key, wanted, call.Aborted);
        foreach (var (name, values) in reply.Headers)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                call.Http.Response.Headers[name] = values;
            }
        }

        await call.BytesAsync(reply.Body, contentType: null);
    }

    private static async Task TransactAsync(ApiCall call)
    {
        var key = Key(call);
        using var body = await call.JsonBodyAsync();
        if (body.RootElement.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an array of operations is expected");
        }

        var state = Actors(call).State;
        List<ActorStateOperation> operations = body.RootElement.ValueKind == JsonValueKind.Null ? [] : [.. body.RootElement.EnumerateArray().Select(item => Operation(state, item))];
        await state.TransactAsync(key, operations, call.Aborted);
        call.NoContent();
    }

    private static async Task GetStateAsync(ApiCall call)
    {
        if (await Actors(call).State.GetAsync(Key(call), call.Args[2], call.Aborted) is not { Data.Length: > 0 } value)
        {
            call.NoContent();
            return;
        }

        if (value.ExpiresAt is { } expires)
        {
            call.Http.Response.Headers["metadata." + StateApi.ExpiresName] = StateApi.Expires(expires);
        }

        await call.BytesAsync(value.Data, "application/json");
    }

    private static async Task CreateReminderAsync(ApiCall call)
    {
        var key = Key(call);
        using var json = await call.JsonBodyAsync();
        var body = Object(json);
        var request = new ReminderRequest(
            ActorName.Check(call.Args[2]),
            Text(body, "dueTime"),
            Text(body, "period"),
            Text(body, "ttl"),
            Raw(body, "data"),
            Member(body, "overwrite") is not { ValueKind: JsonValueKind.False },
            JobsApi.Policy(FailurePolicy(body)));
        await Actors(call).Reminders.CreateAsync(key, request, call.Aborted);
        call.NoContent();
    }

    private static async Task GetReminderAsync(ApiCall call)
    {
        var reminder = await Actors(call).Reminders.GetAsync(Key(call), call.Args[2], call.Aborted);
        await call.JsonLineAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("actorID", reminder.ActorId);
            json.WriteString("actorType", reminder.ActorType);
            if (reminder.Data is { } data)
            {
                json.WritePropertyName("data");
                json.WriteRawValue(data, skipInputValidation: true);
            }

            foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("dueTime", reminder.DueTime), ("period", reminder.Schedule), ("ttl", ActorReminders.Expiry(reminder))])
            {
                if (value is not null)
                {
                    json.WriteString(name, value);
                }
            }

            json.WriteEndObject();
        });
    }

    private static async Task DeleteReminderAsync(ApiCall call)
    {
        await Actors(call).Reminders.DeleteAsync(Key(call), call.Args[2], call.Aborted);
        call.NoContent();
    }

    private static async Task CreateTimerAsync(ApiCall call)
    {
        var key = Key(call);
        using var json = await call.JsonBodyAsync();
        var body = Object(json);
        var timer = new ActorTimer(
            ActorName.Check(call.Args[2]), Text(body, "callback"), Raw(body, "data"), Text(body, "dueTime"), Text(body, "period"), Text(body, "ttl"));
        Actors(call).StartTimer(key, timer);
        call.NoContent();
    }

    private static Task DeleteTimerAsync(ApiCall call)
    {
        Actors(call).Runtime.Timers.Stop(Key(call), call.Args[2]);
        call.NoContent();
        return Task.CompletedTask;
    }

    private static AppActors Actors(ApiCall call) => call.App.Part<AppActors>();

    private static ActorKey Key(ApiCall call)
    {
        ActorErrors.CheckType(call.Args[0]);
        return new ActorKey(call.Args[0], call.Args[1]);
    }

    // Not among those that cross as they are: the way into the app begins a span of its own in this trace.
    private static IEnumerable<KeyValuePair<string, StringValues>> Trace(ApiCall call) =>
        call.Http.Request.Headers.TraceParent is { Count: > 0 } trace ? [KeyValuePair.Create(TraceParent.Header, trace)] : [];

    private static ActorStateOperation Operation(ActorState state, JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || Member(item, "request") is not { ValueKind: JsonValueKind.Object } request)
        {
            throw DaprException.Malformed("failed deserializing HTTP body: an operation without a request");
        }

        return new ActorStateOperation(
            Text(item, "operation"),
            Text(request, "key"),
            Member(request, "value") is { } value ? state.Encode(value) : "null"u8.ToArray(),
            Text(request, "etag") is { Length: > 0 } etag ? etag : null,
            Member(request, "metadata") is { ValueKind: JsonValueKind.Object } metadata
                ? metadata.EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.ToString())
                : ActorStateOperation.NoMetadata);
    }

    private static JobFailurePolicy? FailurePolicy(JsonElement body)
    {
        try
        {
            return Member(body, "failure_policy") is { } policy ? _tolerant.Parse<JobFailurePolicy>(policy.GetRawText()) : null;
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw DaprException.Malformed($"failed deserializing HTTP body: failure_policy: {broken.Message}");
        }
    }

    private static JsonElement Object(JsonDocument json) =>
        json.RootElement.ValueKind == JsonValueKind.Object
            ? json.RootElement
            : throw DaprException.Malformed("failed deserializing HTTP body: an object is expected");

    // Absent and null are the same; names are matched as Go matches them.
    private static JsonElement? Member(JsonElement parent, string name)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && member.Value.ValueKind != JsonValueKind.Null)
            {
                return member.Value;
            }
        }

        return null;
    }

    private static byte[]? Raw(JsonElement parent, string name) => Member(parent, name) is { } value ? JsonMarshal.GetRawUtf8Value(value).ToArray() : null;

    private static string Text(JsonElement parent, string name) =>
        Member(parent, name) switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            _ => throw DaprException.Malformed($"failed deserializing HTTP body: {name} is not a string"),
        };
}
