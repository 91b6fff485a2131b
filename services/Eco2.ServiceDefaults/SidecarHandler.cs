using Dapr;
using Microsoft.Extensions.Configuration;

namespace Eco2.ServiceDefaults;

/// <summary>Adds the token of the sidecar to the calls that the client sends without one: <c>SaveBulkStateAsync</c> leaves it out.</summary>
internal sealed class SidecarHandler : DelegatingHandler
{
    private const string Header = "dapr-api-token";
    private readonly string token;

    private SidecarHandler(string token, HttpMessageHandler inner)
        : base(inner) => this.token = token;

    // Pings notice a sidecar that vanished without closing. Servers refuse pings more often than every 10 seconds.
    internal static HttpMessageHandler Create(IConfiguration configuration)
    {
        var sockets = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        return DaprDefaults.GetDefaultDaprApiToken(configuration) is { Length: > 0 } token ? new SidecarHandler(token, sockets) : sockets;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.Contains(Header))
        {
            request.Headers.TryAddWithoutValidation(Header, token);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
