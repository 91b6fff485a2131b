using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Eco2.Worker.Tests.Models;

/// <summary>A server on loopback that speaks OpenAI's chat API and Anthropic's messages API, does what a test tells it, and keeps what it was sent.</summary>
public sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> next = new();

    private FakeProvider(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<(IHeaderDictionary Headers, JsonElement Body)> Requests { get; } = new();

    /// <summary>What it does once its instructions are used up.</summary>
    public Func<HttpContext, Task> Otherwise { get; set; } = Status(500);

    public static async Task<FakeProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var provider = new FakeProvider(app);
        app.MapPost("/v1/chat/completions", provider.HandleAsync);
        app.MapPost("/v1/messages", provider.HandleAsync);
        await app.StartAsync();
        provider.Address = new Uri(app.Urls.First());
        return provider;
    }

    /// <summary>The next requests are answered like this, in this order.</summary>
    public void Then(params ReadOnlySpan<Func<HttpContext, Task>> answers)
    {
        foreach (var answer in answers)
        {
            next.Enqueue(answer);
        }
    }

    /// <summary>An answer of OpenAI's API with this content.</summary>
    public static Func<HttpContext, Task> OpenAi(string content) => http => http.Response.WriteAsJsonAsync(new JsonObject
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_900_000_000,
        ["model"] = "loopback-vision",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = "stop",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = content },
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1830, ["completion_tokens"] = 140, ["total_tokens"] = 1970 },
    });

    /// <summary>An answer of Anthropic's API with this content.</summary>
    public static Func<HttpContext, Task> Anthropic(string content) => http => http.Response.WriteAsJsonAsync(new JsonObject
    {
        ["id"] = "msg_1",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "loopback-claude",
        ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = content }),
        ["stop_reason"] = "end_turn",
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = 900, ["output_tokens"] = 70 },
    });

    public static Func<HttpContext, Task> Status(int status, string? retryAfter = null) => async http =>
    {
        http.Response.StatusCode = status;
        if (retryAfter is not null)
        {
            http.Response.Headers.RetryAfter = retryAfter;
        }

        await http.Response.WriteAsync("{\"error\":{\"message\":\"no\"}}");
    };

    public static Func<HttpContext, Task> Garbage() => http => http.Response.WriteAsync("<html>It works!</html>");

    /// <summary>Promises more than it sends, then hangs up.</summary>
    public static Func<HttpContext, Task> Half() => async http =>
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = 5000;
        await http.Response.WriteAsync("{\"id\":\"chatcmpl-1\",\"choices\":[{\"mess");
        await http.Response.Body.FlushAsync();
        http.Abort();
    };

    public static Func<HttpContext, Task> Hang() => async http =>
    {
        var gone = new TaskCompletionSource();
        await using var _ = http.RequestAborted.Register(() => gone.TrySetResult());
        await gone.Task;
    };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        Requests.Enqueue((new HeaderDictionary(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues>(http.Request.Headers, StringComparer.OrdinalIgnoreCase)), body.RootElement.Clone()));
        await (next.TryDequeue(out var answer) ? answer : Otherwise)(http);
    }
}
