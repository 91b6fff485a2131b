using System.Net;
using Eco2.ServiceDefaults;

namespace Eco2.Edge;

/// <summary>The invocation API of this app's sidecar, over few long-lived connections.</summary>
internal sealed class SidecarClient(IConfiguration configuration) : IDisposable
{
    private readonly Uri endpoint = Sidecar.HttpEndpoint(configuration);
    private readonly string? token = configuration["DAPR_API_TOKEN"];

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    /// <summary>A request to an app; the path goes out letter for letter.</summary>
    public HttpRequestMessage Invocation(HttpMethod method, string app, string pathAndQuery)
    {
        var uri = new Uri($"{endpoint}v1.0/invoke/{app}/method{pathAndQuery}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(method, uri) { Version = HttpVersion.Version11 };
        if (!string.IsNullOrEmpty(token))
        {
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        }

        return request;
    }

    /// <summary>Returns when the headers of the answer are there.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => http.SendAsync(request, ct);

    public void Dispose() => http.Dispose();
}
