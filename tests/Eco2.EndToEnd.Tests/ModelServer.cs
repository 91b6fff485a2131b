using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Eco2.EndToEnd.Tests;

/// <summary>An OpenAI-compatible server on loopback. A test can hold its answers back, so that it knows where a job stands.</summary>
public sealed class ModelServer : IAsyncDisposable
{
    public const string Vision = "sights";
    public const string Answer = "answer";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new();
    private readonly ConcurrentDictionary<string, Func<JsonObject, JsonObject, Task>> orders = new();
    private readonly ConcurrentDictionary<string, int> calls = new();
    private WebApplication? app;

    /// <summary>Settings by which the apps use this server.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["Models__Vision"] = "openai",
        ["Models__Answer"] = "openai",
        ["Models__OpenAI__BaseUrl"] = $"{app!.Urls.First()}/v1",
        ["Models__OpenAI__ApiKey"] = "a-key-for-tests",
    };

    public int Calls(string step) => calls.GetValueOrDefault(step);

    /// <summary>From now on <paramref name="step"/> gets no answer until the result is disposed.</summary>
    public IDisposable Hold(string step)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gates[step] = gate;
        return new Release(() =>
        {
            gates.TryRemove(step, out _);
            gate.TrySetResult();
        });
    }

    /// <summary>From now on what is said at <paramref name="step"/> is changed, as by a model that does what somebody else told it, until the result is disposed.</summary>
    public IDisposable Obey(string step, Action<JsonObject> change) => Obey(step, (said, _) =>
    {
        change(said);
        return Task.CompletedTask;
    });

    /// <summary>The same by a model that first looks at what it was asked.</summary>
    public IDisposable Obey(string step, Func<JsonObject, JsonObject, Task> change)
    {
        orders[step] = change;
        return new Release(() => orders.TryRemove(step, out _));
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 8 << 20);
        app = builder.Build();
        app.MapPost("/v1/chat/completions", CompleteAsync);
        await app.StartAsync();
    }

    public ValueTask DisposeAsync() => app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<IResult> CompleteAsync(HttpRequest request, JsonObject body, CancellationToken ct)
    {
        if (request.Headers.Authorization != "Bearer a-key-for-tests")
        {
            return Results.Json(new { error = new { message = "wrong key" } }, statusCode: 401);
        }

        var format = body["response_format"]!["json_schema"]!;
        var step = format["name"]!.GetValue<string>();
        calls.AddOrUpdate(step, 1, (_, n) => n + 1);
        if (gates.TryGetValue(step, out var gate))
        {
            await gate.Task.WaitAsync(ct);
        }

        var content = step == Vision ? Sights() : Words(format["schema"]!);
        if (orders.TryGetValue(step, out var obey))
        {
            await obey(content, body);
        }

        return Results.Json(new
        {
            id = "chatcmpl-1",
            @object = "chat.completion",
            created = 1,
            model = body["model"]!.GetValue<string>(),
            choices = new[] { new { index = 0, finish_reason = "stop", message = new { role = "assistant", content = content.ToJsonString() } } },
            usage = new { prompt_tokens = 100, completion_tokens = 20, total_tokens = 120 },
        });
    }

    private static JsonObject Sights() => new()
    {
        ["objects"] = new JsonArray(new JsonObject
        {
            ["major"] = "recyclable",
            ["middle"] = "clear_pet",
            ["item"] = "clear_pet.water",
            ["label"] = null,
            ["confidence"] = 0.97,
            ["tags"] = new JsonArray(new JsonObject { ["tag"] = "contents_empty", ["confidence"] = 0.9 }, new JsonObject { ["tag"] = "label_removed", ["confidence"] = 0.9 }),
        }),
    };

    /// <summary>Every source that the schema offers gets its step.</summary>
    private static JsonObject Words(JsonNode schema)
    {
        var sources = schema["properties"]!["steps"]!["items"]!["properties"]!["source"]!["enum"]!.AsArray();
        return new JsonObject
        {
            ["headline"] = "투명 페트병이에요.",
            ["steps"] = new JsonArray([.. sources.Select((source, n) => new JsonObject { ["text"] = $"{n + 1}번째로 할 일이에요.", ["source"] = source!.GetValue<string>() })]),
            ["insufficiencies"] = new JsonArray(),
            ["user_answer"] = "투명 페트병은 내용물을 비우고 라벨을 뗀 다음 물로 헹궈서 찌그러뜨리고 뚜껑을 닫아 전용 수거함에 넣어 주세요. 정말 잘하고 있어요!",
        };
    }

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
