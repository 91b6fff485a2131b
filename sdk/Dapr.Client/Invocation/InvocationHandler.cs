using Dapr.Common;

namespace Dapr.Client;

/// <summary>Sends requests to http://{app-id}/{path} to the sidecar, which calls the app. Address and token come from the environment unless said.</summary>
public class InvocationHandler : DelegatingHandler
{
    private Uri _endpoint = new(DaprDefaults.GetDefaultHttpEndpoint());

    /// <summary>The sidecar's HTTP API; from the environment unless set.</summary>
    /// <exception cref="ArgumentException">Neither http nor https.</exception>
    public string DaprEndpoint
    {
        get => _endpoint.OriginalString;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            var endpoint = new Uri(value);
            _endpoint = endpoint.Scheme is "http" or "https"
                ? endpoint
                : throw new ArgumentException("The URI scheme of the Dapr endpoint must be http or https.", nameof(value));
        }
    }

    /// <summary>An app id whose letter case is to survive; a host name alone is lower case.</summary>
    public string? DefaultAppId { get; set; }

    internal string? DaprApiToken { get; init; } = DaprDefaults.GetDefaultDaprApiToken(null);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var original = request.RequestUri;
        if (!TryRewrite(original, out var rewritten))
        {
            throw new ArgumentException($"The request URI '{original}' is not a valid Dapr service invocation destination.", nameof(request));
        }

        try
        {
            request.RequestUri = rewritten;
            if (!string.IsNullOrWhiteSpace(DaprApiToken))
            {
                request.Headers.Add(DaprHeaders.ApiToken, DaprApiToken);
            }

            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The request is the caller's again: the token is for the sidecar alone.
            request.RequestUri = original;
            request.Headers.Remove(DaprHeaders.ApiToken);
        }
    }

    private bool TryRewrite(Uri? uri, out Uri? rewritten)
    {
        rewritten = null;
        if (uri is null || !uri.IsAbsoluteUri || uri.Scheme is not ("http" or "https"))
        {
            return false;
        }

        var appId = string.Equals(DefaultAppId, uri.Host, StringComparison.OrdinalIgnoreCase) ? DefaultAppId : uri.Host;
        rewritten = new UriBuilder(_endpoint.Scheme, _endpoint.Host, _endpoint.Port, $"/v1.0/invoke/{appId}/method{uri.AbsolutePath}", uri.Query).Uri;
        return true;
    }
}
