using Microsoft.Extensions.Options;

namespace Eco2.Edge;

/// <summary>Which pages may call, and which may do it with cookies.</summary>
internal sealed class Origins(IOptions<EdgeOptions> options)
{
    private readonly HashSet<string> allowed = new(options.Value.AllowedOrigins, StringComparer.OrdinalIgnoreCase);

    public bool Allows(string? origin) => origin is not null && allowed.Contains(origin);

    /// <summary>What a browser says about where a request began decides, if it says anything: a page of another site can neither change these headers nor
    /// leave them out. Where nothing is said (older browsers, programs) a header has to be there that such a page cannot set without our leave.</summary>
    public bool IsFromOurPages(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        var site = request.Headers["Sec-Fetch-Site"];
        if (origin is [var one] && Allows(one))
        {
            return true;
        }

        if (origin.Count == 0 && site.Count == 0)
        {
            return request.Headers.ContainsKey("X-Requested-With");
        }

        return (origin.Count == 0 || IsOwn(origin, request)) && (site.Count == 0 || site is ["same-origin"]);
    }

    private static bool IsOwn(Microsoft.Extensions.Primitives.StringValues origin, HttpRequest request) =>
        origin is [{ } text] && Uri.TryCreate(text, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
