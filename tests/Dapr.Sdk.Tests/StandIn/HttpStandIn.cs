using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Dapr.Sdk.Tests;

/// <summary>A sidecar's HTTP port as the wire reference describes it: keeps every request as it came, answers as the test says, else 204.</summary>
public sealed class HttpStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpStandIn(WebApplication app) => _app = app;

    /// <summary>Every request so far, oldest first.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Ends with a slash, as the endpoints of the SDK do.</summary>
    public string Address => _app.Urls.First() + "/";

    /// <summary>Writes the answer.</summary>
    public Func<Request, HttpResponse, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public static async Task<HttpStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var standIn = new HttpStandIn(app);
        app.Run(standIn.ServeAsync);
        await app.StartAsync();
        return standIn;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new Request(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        Requests.Enqueue(request);
        context.Response.StatusCode = 204;
        await Answer(request, context.Response);
    }

    public sealed record Request(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
    {
        /// <summary>Method, target and body in one line.</summary>
        public string Line => $"{Method} {Target} {System.Text.Encoding.UTF8.GetString(Body)}".TrimEnd();
    }
}
