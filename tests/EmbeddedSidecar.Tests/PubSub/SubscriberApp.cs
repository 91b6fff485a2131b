using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>One request that a sidecar made.</summary>
internal sealed record Received(string Path, byte[] Body, Dictionary<string, string> Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Data => Json.GetProperty("data").ToString();
}

/// <summary>An app that subscribes: it keeps what it is sent and answers what the test says.</summary>
internal sealed class SubscriberApp : LoopbackApp
{
    public ConcurrentQueue<Received> Requests { get; } = new();

    /// <summary>The body of GET /dapr/subscribe.</summary>
    public string Subscriptions { get; set; } = "[]";

    /// <summary>Decides status and body; null body = empty.</summary>
    public Func<Received, (int Status, string? Body)> Answer { get; set; } = _ => (200, null);

    /// <summary>Called before the answer, for tests that hold a delivery.</summary>
    public Func<Received, Task> Before { get; set; } = _ => Task.CompletedTask;

    public IEnumerable<Received> On(string path) => Requests.Where(one => one.Path == path);

    /// <summary>All events of single deliveries and of batches on a path, by their data.</summary>
    public IEnumerable<string> DataOn(string path) => On(path).SelectMany(one =>
        one.Json.TryGetProperty("entries", out var entries)
            ? entries.EnumerateArray().Select(entry => entry.GetProperty("event").GetProperty("data").ToString())
            : [one.Data!]);

    public static async Task<SubscriberApp> StartAsync(string subscriptions = "[]")
    {
        var app = new SubscriberApp { Subscriptions = subscriptions };
        await app.UpAsync();
        return app;
    }

    protected override async Task HandleAsync(HttpContext http)
    {
        if (http.Request.Path == "/dapr/subscribe")
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(Subscriptions);
            return;
        }

        if (http.Request.Path == "/dapr/config")
        {
            http.Response.StatusCode = 404;
            return;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var received = new Received(
            http.Request.Path,
            body.ToArray(),
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        Requests.Enqueue(received);
        await Before(received);
        var (status, text) = Answer(received);
        http.Response.StatusCode = status;
        if (text is not null)
        {
            await http.Response.WriteAsync(text);
        }
    }
}
