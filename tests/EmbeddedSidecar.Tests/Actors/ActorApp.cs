using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>One request that a sidecar made: "PUT /actors/T/1/method/m".</summary>
internal sealed record ActorRequest(string Line, string Query, string Body, Dictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}

/// <summary>An app that hosts actors: it keeps what it is sent and does what the test says.</summary>
internal sealed class ActorApp : LoopbackApp
{
    public const string Reentrant = """{"entities":["T"],"reentrancy":{"enabled":true,"maxStackDepth":3}}""";

    /// <summary>The answer to GET /dapr/config; null = 404.</summary>
    public string? Config { get; set; }

    public ConcurrentQueue<ActorRequest> Requests { get; } = new();

    /// <summary>Answers actor calls; an untouched answer is an empty 200.</summary>
    public Func<ActorRequest, HttpContext, Task> Handle { get; set; } = (_, _) => Task.CompletedTask;

    public static async Task<ActorApp> StartAsync(string? config = """{"entities":["T"]}""")
    {
        var app = new ActorApp { Config = config };
        await app.UpAsync();
        return app;
    }

    public IEnumerable<ActorRequest> On(string line) => Requests.Where(request => request.Line == line);

    protected override async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (path is "/dapr/config" or "/dapr/subscribe")
        {
            var text = path == "/dapr/config" ? Config : "[]";
            http.Response.StatusCode = text is null ? 404 : 200;
            await http.Response.WriteAsync(text ?? "");
            return;
        }

        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var request = new ActorRequest(
            $"{http.Request.Method} {path}",
            http.Request.QueryString.Value ?? "",
            await reader.ReadToEndAsync(),
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        Requests.Enqueue(request);
        await Handle(request, http);
    }
}
