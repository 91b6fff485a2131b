using System.Net.Security;
using EmbeddedSidecar.Apps;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Invoke;

/// <summary>Somebody outside who is invoked like an app: by an address, or by the name of an HTTPEndpoint.</summary>
/// <param name="BaseUrl">What paths are put behind, as it is.</param>
/// <param name="Headers">Set over those of the caller.</param>
/// <param name="Follows">Whether redirects are followed, as daprd does for endpoints with a name.</param>
internal sealed record HttpEndpoint(string BaseUrl, IReadOnlyDictionary<string, string> Headers, bool Follows)
{
    private static readonly UriCreationOptions AsGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };

    // Shared by all sidecars of the process, as long as it lives.
    private static readonly HttpMessageInvoker Outside = Client(new SslClientAuthenticationOptions());

    /// <summary>Its own client, for one with certificates; null for the one that all share.</summary>
    public HttpMessageInvoker? Own { get; init; }

    public static HttpMessageInvoker Client(SslClientAuthenticationOptions tls) => new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        SslOptions = tls,
        RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
    });

    /// <summary>Null when this names an app.</summary>
    public static HttpEndpoint? Find(AppInstance caller, string target) =>
        caller.HttpEndpoints.TryGetValue(target, out var named) ? named
        : target.StartsWith("http://", StringComparison.Ordinal) || target.StartsWith("https://", StringComparison.Ordinal)
            ? new HttpEndpoint(target, new Dictionary<string, string>(), Follows: false)
        : null;

    /// <summary>Sends the request of a caller there. Nothing is said of who calls, and no token goes along.</summary>
    /// <exception cref="HttpRequestException">It is not reachable, or no address.</exception>
    public ValueTask<AppResponse> SendAsync(HttpRequest from, string method, HttpContent? body, CancellationToken ct) =>
        SendAsync(HttpMethod.Parse(from.Method), new Caller(ForwardedHeaders.Crossing(from), from.Headers.TraceParent), method, body, ct);

    /// <summary>The same for a caller that did not ask over HTTP.</summary>
    /// <exception cref="HttpRequestException">It is not reachable, or no address.</exception>
    public async ValueTask<AppResponse> SendAsync(HttpMethod verb, Caller from, string method, HttpContent? body, CancellationToken ct)
    {
        if (!Uri.TryCreate(BaseUrl + method, AsGiven, out var address))
        {
            throw new HttpRequestException($"{BaseUrl} is no address");
        }

        var host = address.Host;
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendAsync(from, verb, address, body, isElsewhere: address.Host != host, ct);
            // A body that flows through cannot be sent to a second place.
            if (!Follows || body is not null || response.Headers.Location is not { } location || (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
            {
                return new AppResponse(response, slots: null);
            }

            verb = (int)response.StatusCode >= 307 || verb == HttpMethod.Head ? verb : HttpMethod.Get;
            address = new Uri(address, location);
            response.Dispose();
            if (redirects == 9)
            {
                throw new HttpRequestException("stopped after 10 redirects");
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Caller from, HttpMethod verb, Uri address, HttpContent? body, bool isElsewhere, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(verb, address) { Content = body };
        var own = Headers.Select(header => KeyValuePair.Create(header.Key, new StringValues(header.Value)));
        foreach (var (name, values) in from.Headers.Where(header => !Headers.ContainsKey(header.Key)).Concat(own))
        {
            // Secrets are for whom they were meant.
            if (!isElsewhere || name.ToUpperInvariant() is not ("AUTHORIZATION" or "COOKIE" or "COOKIE2" or "WWW-AUTHENTICATE"))
            {
                ForwardedHeaders.Add(request, name, values);
            }
        }

        request.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(from.Trace));
        try
        {
            return await (Own ?? Outside).SendAsync(request, ct);
        }
        catch (OperationCanceledException late) when (!ct.IsCancellationRequested)
        {
            throw new HttpRequestException($"{address.Authority} does not accept a connection", late);
        }
    }

    /// <summary>What goes along of a caller's request.</summary>
    /// <param name="Headers">Those that are meant for the target.</param>
    /// <param name="Trace">The trace it is in.</param>
    internal readonly record struct Caller(IEnumerable<KeyValuePair<string, StringValues>> Headers, StringValues Trace);
}
