using System.Net;
using System.Net.Sockets;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Apps;

/// <summary>
/// The way into the app: adds the app token and trace headers to each call and keeps the number of calls at once within bounds.
/// Connections are pooled; nothing is read ahead, so answers stream.
/// </summary>
internal sealed class AppChannel : IDisposable
{
    private static readonly UriCreationOptions AsGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };
    private readonly HttpMessageInvoker _http;
    private readonly SemaphoreSlim? _slots;
    private readonly AppSettings _settings;
    private readonly string? _token;
    private int _port;

    /// <param name="http">Shared by all channels of the process, made by <see cref="CreateHttp"/>; not disposed here.</param>
    public AppChannel(AppSettings settings, HttpMessageInvoker http)
    {
        _settings = settings;
        _http = http;
        _port = settings.AppPort;
        _token = new SidecarTokens(settings).App;
        _slots = settings.MaxConcurrency > 0 ? new SemaphoreSlim(settings.MaxConcurrency) : null;
    }

    /// <summary>Where the app listens; 0 = nowhere.</summary>
    public int Port
    {
        get => Volatile.Read(ref _port);
        set => Volatile.Write(ref _port, value);
    }

    /// <summary>Counts calls; null when nobody asked.</summary>
    public DaprMetrics? Metrics { get; init; }

    public bool IsConfigured => Port > 0;

    /// <summary>False while health checks say that the app is unwell: then every call fails.</summary>
    public bool IsHealthy { get; set; } = true;

    public static HttpMessageInvoker CreateHttp() =>
        new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A file name in a header may be in any language.
            RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
            // Shorter than the keep-alive of Kestrel (130 s), longer than Node's (5 s, announced and honoured by the handler).
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        });

    /// <summary>The address of a path on the app. The path goes on the wire exactly as given, so it must be encoded.</summary>
    public Uri Address(string pathAndQuery) =>
        new($"http://{_settings.AppAddress}:{Port}{(pathAndQuery.StartsWith('/') ? "" : "/")}{pathAndQuery}", AsGiven);

    /// <summary>Sends a request to the app. Header dapr-api-token is ours; traceparent is added when absent.</summary>
    /// <returns>The answer once its headers are there; the body streams. Dispose it: it holds one of the concurrency slots.</returns>
    /// <exception cref="HttpRequestException">The app is not reachable.</exception>
    public async Task<AppResponse> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (!IsConfigured)
        {
            throw new HttpRequestException($"app {_settings.AppId} has no app port");
        }

        if (!IsHealthy)
        {
            throw new HttpRequestException("app is not in a healthy state");
        }

        request.Headers.Remove(SidecarTokens.Header);
        if (_token is not null)
        {
            request.Headers.TryAddWithoutValidation(SidecarTokens.Header, _token);
        }

        if (!request.Headers.Contains(TraceParent.Header))
        {
            request.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(default));
        }

        if (_slots is not null)
        {
            await _slots.WaitAsync(ct);
        }

        var began = Metrics?.Now ?? 0;
        var status = 0;
        try
        {
            var response = await _http.SendAsync(request, ct);
            status = (int)response.StatusCode;
            return new AppResponse(response, _slots);
        }
        catch
        {
            _slots?.Release();
            throw;
        }
        finally
        {
            // Calls over HTTP/2 are gRPC and are counted by their method.
            if (Metrics is not null && request.Version.Major < 2)
            {
                Metrics.AppCalled(request.Method.Method, status, began);
            }
        }
    }

    /// <summary>Asks for the app's health: goes in whatever the health is, without token, and takes no slot.</summary>
    public Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CancellationToken ct) => _http.SendAsync(request, ct);

    /// <summary>A connection to the app's port, or null when nothing accepts one within half a second.</summary>
    public async Task<Socket?> TryDialAsync(CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromMilliseconds(500));
        try
        {
            await socket.ConnectAsync(_settings.AppAddress, Port, limit.Token);
            return socket;
        }
        catch (Exception failed) when (failed is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }

    public void Dispose() => _slots?.Dispose();
}

/// <summary>The app's answer, and the concurrency slot it occupies until disposed.</summary>
internal sealed class AppResponse(HttpResponseMessage message, SemaphoreSlim? slots) : IDisposable
{
    private SemaphoreSlim? _slots = slots;

    public HttpResponseMessage Message { get; } = message;

    public int Status => (int)Message.StatusCode;

    public bool IsSuccess => Message.IsSuccessStatusCode;

    public void Dispose()
    {
        Message.Dispose();
        Interlocked.Exchange(ref _slots, null)?.Release();
    }
}
