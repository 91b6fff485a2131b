using System.Net;
using System.Reflection;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Eco2.Cli.Up;

namespace Eco2.Cli.Observe;

/// <summary>The page of <c>./eco2 up --observe</c>, and where the apps of the run send their traces: one port on loopback.</summary>
internal sealed class ObserveServer : IAsyncDisposable
{
    /// <summary>Its port, where that is free.</summary>
    public const int UsualPort = 8190;

    /// <summary>Says where traces go.</summary>
    public const string Collector = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Protobuf = "application/x-protobuf";
    private const long LargestExport = 8 * 1024 * 1024;
    private readonly WebApplication app;
    private readonly TraceRing traces = new();
    private readonly JobBoard jobs = new();
    private readonly TimeProvider clock;
    private SystemSampler? sampler;

    private ObserveServer(WebApplication app, TimeProvider clock) => (this.app, this.clock) = (app, clock);

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>What the processes of the run are told, so that they send their traces here: all but those that somebody asked not to be traced.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        [Collector] = Url.ToString().TrimEnd('/'),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_TRACES_SAMPLER"] = "parentbased_always_on",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
    };

    public static async Task<ObserveServer> StartAsync(int port, TimeProvider clock, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = LargestExport;
            kestrel.AddServerHeader = false;
        });
        var app = builder.Build();
        var server = new ObserveServer(app, clock);
        app.Use(server.GuardAsync);
        foreach (var (path, file, type) in ((string, string, string)[])[("/", "page.html", "text/html"), ("/page.css", "page.css", "text/css"), ("/page.js", "page.js", "text/javascript")])
        {
            var content = Embedded(file);
            app.MapGet(path, (RequestDelegate)(http => AnswerAsync(http, type + "; charset=utf-8", content)));
        }

        app.MapGet("/api/state", (RequestDelegate)server.StateAsync);
        app.MapGet("/api/traces/{id}", (RequestDelegate)server.TraceAsync);
        app.MapPost("/v1/traces", (RequestDelegate)server.TakeAsync);
        // Metrics are read from the apps when somebody looks; the exporter is only told that all is well.
        app.MapPost("/v1/{other}", (RequestDelegate)(http => AnswerAsync(http, Protobuf, [])));
        await app.StartAsync(ct);
        server.Url = new Uri(app.Urls.First());
        return server;
    }

    /// <summary>From now on the page shows its processes, queues and metrics.</summary>
    public void Show(RunningSystem system) => sampler = new SystemSampler(system, clock);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        if (sampler is not null)
        {
            await sampler.DisposeAsync();
        }
    }

    /// <summary>Loopback alone does not keep other pages out of a browser: one may have its name resolve to 127.0.0.1, or send what needs no answer.</summary>
    private Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        var request = http.Request;
        var ownName = request.Host.Host is "127.0.0.1" or "localhost" && request.Host.Port == Url.Port;
        var ownOrigin = request.Headers.Origin is [] || request.Headers.Origin == $"http://{request.Host}";
        var ownSite = request.Headers["Sec-Fetch-Site"] is [] or ["same-origin" or "none"];
        if (ownName && ownOrigin && ownSite && (HttpMethods.IsGet(request.Method) || request.ContentType == Protobuf))
        {
            return next(http);
        }

        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private async Task StateAsync(HttpContext http)
    {
        var (running, ended) = jobs.Lines(50);
        var sample = sampler is null ? null : await sampler.SampleAsync(http.RequestAborted);
        var state = new PageState(clock.GetUtcNow().ToUnixTimeMilliseconds(), running, ended, jobs.Stages(), traces.Latest(60), sample);
        await http.Response.WriteAsJsonAsync(state, PageJson.Default.PageState, cancellationToken: http.RequestAborted);
    }

    private Task TraceAsync(HttpContext http)
    {
        if (traces.Find((string)http.Request.RouteValues["id"]!) is { } spans)
        {
            return http.Response.WriteAsJsonAsync(spans, PageJson.Default.IReadOnlyListSpan, cancellationToken: http.RequestAborted);
        }

        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        try
        {
            foreach (var span in OtlpSpans.Read(body.ToArray()).Where(span => span.TraceId != ""))
            {
                traces.Add(span);
                jobs.Take(span);
            }
        }
        catch (InvalidProtocolBufferException)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await AnswerAsync(http, Protobuf, []);
    }

    private static Task AnswerAsync(HttpContext http, string type, byte[] content)
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = content.Length;
        return http.Response.Body.WriteAsync(content, http.RequestAborted).AsTask();
    }

    private static byte[] Embedded(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Eco2.Cli.Observe.Page.{file}")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
