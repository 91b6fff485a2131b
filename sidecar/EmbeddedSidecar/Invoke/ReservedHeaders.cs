using System.Net.Http.Headers;

namespace EmbeddedSidecar.Invoke;

/// <summary>HTTP headers as gRPC metadata: lower case, and what means something to a connection or to HTTP itself behind the prefix dapr-.</summary>
internal static class ReservedHeaders
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Charset", "Accept-Language", "Accept-Ranges", "Connection", "Keep-Alive", "Proxy-Connection",
        "Transfer-Encoding", "Upgrade", "Cache-Control", "Content-Type", "Content-Length", "Cookie", "Date", "Expect", "From", "Host",
        "If-Match", "If-Modified-Since", "If-None-Match", "If-Schedule-Tag-Match", "If-Unmodified-Since", "Max-Forwards", "Origin",
        "Pragma", "Referer", "Via", "Warning",
    };

    /// <summary>The name of an HTTP header as metadata, or null for what only gRPC itself may say.</summary>
    public static string? AsMetadata(string name) =>
        Names.Contains(name) ? "dapr-" + name.ToLowerInvariant()
        : name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) ? null
        : name.ToLowerInvariant();

    /// <summary>Puts the headers of an app's HTTP answer into answer metadata.</summary>
    public static void Copy(HttpResponseMessage from, IHeaderDictionary to)
    {
        foreach (var headers in (IEnumerable<HttpHeaders>)[from.Headers, from.Content.Headers])
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                if (AsMetadata(name) is { } key)
                {
                    to[key] = new([.. values]);
                }
            }
        }
    }
}
