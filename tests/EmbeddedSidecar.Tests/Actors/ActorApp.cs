using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>One request that a sidecar made: "PUT /actors/T/1/method/m".</summary>
internal sealed record ActorRequest(string Line, string Query, string Body, Dictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}

/// <summary>An app that hosts actors: it keeps what it is sent and does what the test says.</summary>
internal sealed class ActorApp : IAsyncDisposable
{
    public const string Reentrant = """{"entities":["T"],"reentrancy":{"enabled":true,"maxStackDepth":3}}""";

    private WebApplication? _web;

    /// <summary>The answer to GET /dapr/config; null = 404.</summary>
    public string? Config { get; set; }

    public int Port { get; private set; }

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

    public async Task UpAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{Port}");
        _web = builder.Build();
        _web.Run(AnswerAsync);
        await _web.StartAsync();
        Port = new Uri(_web.Urls.First()).Port;
    }

    /// <summary>Dies: open connections break, the port is closed.</summary>
    public async Task DownAsync()
    {
        if (_web is not null)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _web.StopAsync(now.Token);
            await _web.DisposeAsync();
            _web = null;
        }
    }

    public async ValueTask DisposeAsync() => await DownAsync();

    private async Task AnswerAsync(HttpContext http)
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
