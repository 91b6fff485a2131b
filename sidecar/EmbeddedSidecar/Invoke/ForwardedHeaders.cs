using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Invoke;

/// <summary>Which headers cross the sidecar, and which it adds.</summary>
internal static class ForwardedHeaders
{
    // Meant for one connection only (RFC 9110, 7.6.1), plus what is ours.
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate",
    };

    private static readonly HashSet<string> Content = new(StringComparer.OrdinalIgnoreCase)
    {
        "Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-MD5",
        "Content-Range", "Content-Type", "Expires", "Last-Modified",
    };

    /// <summary>Copies what the caller sent onto the request for the app.</summary>
    public static void CopyRequest(HttpRequest from, HttpRequestMessage to, AppInstance caller, AppInstance target)
    {
        foreach (var (name, values) in Crossing(from))
        {
            // A body of nothing is sent as one whose length is not known.
            if (from.ContentLength != 0 || !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                Add(to, name, values);
            }
        }

        to.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(from.Headers.TraceParent));
        if (caller == target)
        {
            return;
        }

        var address = caller.Settings.ListenAddress.ToString();
        to.Headers.TryAddWithoutValidation("X-Forwarded-For", address);
        to.Headers.TryAddWithoutValidation("X-Forwarded-Host", Environment.MachineName);
        to.Headers.TryAddWithoutValidation("Forwarded", $"for={address};by={address};host={Environment.MachineName}");
        to.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        to.Headers.TryAddWithoutValidation("dapr-callee-app-id", target.AppId);
        to.Headers.TryAddWithoutValidation("dapr-caller-namespace", caller.Namespace);
    }

    /// <summary>Copies what the app answered onto the answer for the caller.</summary>
    public static void CopyResponse(HttpResponseMessage from, HttpResponse to)
    {
        foreach (var (name, values) in Crossing(from))
        {
            to.Headers[name] = values;
        }
    }

    /// <summary>The headers of a caller's request that are meant for the app: all but those of the connection, and ours.</summary>
    public static IEnumerable<KeyValuePair<string, StringValues>> Crossing(HttpRequest from)
    {
        var named = Named(from.Headers.Connection);
        return from.Headers.Where(header => !HopByHop.Contains(header.Key) && !IsOurs(header.Key) && named?.Contains(header.Key) != true);
    }

    /// <summary>The headers of an app's answer that are meant for the caller.</summary>
    public static IEnumerable<KeyValuePair<string, StringValues>> Crossing(HttpResponseMessage from)
    {
        var named = from.Headers.TryGetValues("Connection", out var connection) ? Named(new StringValues([.. connection])) : null;
        foreach (var headers in (IEnumerable<System.Net.Http.Headers.HttpHeaders>)[from.Headers, from.Content.Headers])
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                if (!HopByHop.Contains(name) && named?.Contains(name) != true)
                {
                    yield return KeyValuePair.Create(name, values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]));
                }
            }
        }
    }

    /// <summary>Puts a header where HttpClient wants it: on the body or on the request. A header of the body is lost without one.</summary>
    public static void Add(HttpRequestMessage to, string name, StringValues values)
    {
        if (Content.Contains(name))
        {
            to.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        else
        {
            to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    // The app gets its own token, never the caller's; who calls is what we say, not what the caller says.
    private static bool IsOurs(string name) =>
        name.Equals("Host", StringComparison.OrdinalIgnoreCase)
        || name.Equals(InvokedApp.Header, StringComparison.OrdinalIgnoreCase)
        || name.Equals(SidecarTokens.Header, StringComparison.OrdinalIgnoreCase)
        || name.Equals(TraceParent.Header, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("dapr-caller-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("dapr-callee-", StringComparison.OrdinalIgnoreCase);

    private static HashSet<string>? Named(StringValues connection)
    {
        if (connection.Count == 0)
        {
            return null;
        }

        var names = connection.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new HashSet<string>(names, StringComparer.OrdinalIgnoreCase);
    }
}
