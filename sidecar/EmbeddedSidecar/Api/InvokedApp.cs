using System.Text;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Api;

/// <summary>Which app a request names outside its path: header dapr-app-id, or basic authentication with user dapr-app-id.</summary>
internal static class InvokedApp
{
    public const string Header = "dapr-app-id";

    private const string Basic = "Basic ";

    /// <summary>The refusal of a path that no API has: daprd takes every such call for an invocation that forgot to say of whom.</summary>
    public static DaprException Unnamed() =>
        new("ERR_DIRECT_INVOKE", 404, StatusCode.NotFound, "failed getting app id either from the URL path or the header dapr-app-id");

    public static string? Of(HttpRequest request)
    {
        if (request.Headers.TryGetValue(Header, out var named) && named.ToString() is { Length: > 0 } app)
        {
            return app;
        }

        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64Chars(authorization.AsSpan(Basic.Length).Trim(), bytes, out var length))
        {
            return null;
        }

        var credentials = Encoding.UTF8.GetString(bytes, 0, length);
        return credentials.StartsWith(Header + ":", StringComparison.Ordinal) && credentials.Length > Header.Length + 1
            ? credentials[(Header.Length + 1)..]
            : null;
    }
}
