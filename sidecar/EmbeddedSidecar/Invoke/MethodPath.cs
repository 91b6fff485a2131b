using EmbeddedSidecar.Api;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Invoke;

/// <summary>The method of an invocation is a path on the app; it may not leave the app's root or smuggle a query in.</summary>
internal static class MethodPath
{
    /// <summary>The path with one leading slash, still encoded.</summary>
    /// <exception cref="DaprException">Dot segments, or an encoded #, ? or NUL.</exception>
    public static string Check(string path)
    {
        if (path.Contains('%') || path.Contains('.'))
        {
            var decoded = Uri.UnescapeDataString(path);
            if (decoded.AsSpan().IndexOfAny('#', '?', '\0') >= 0 || HasDotSegment(decoded))
            {
                throw new DaprException("ERR_DIRECT_INVOKE", 400, StatusCode.InvalidArgument, $"invalid method name: {path}");
            }
        }

        return path.StartsWith('/') ? path : "/" + path;
    }

    private static bool HasDotSegment(string path)
    {
        foreach (var segment in path.AsSpan().SplitAny('/', '\\'))
        {
            if (path.AsSpan(segment) is "." or "..")
            {
                return true;
            }
        }

        return false;
    }
}
