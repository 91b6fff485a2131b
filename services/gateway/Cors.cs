using Eco2.Edge;
using Microsoft.Extensions.Primitives;

namespace Eco2.Gateway;

/// <summary>Pages of the origins in <c>Edge:AllowedOrigins</c> may call and read the answers, with cookies too; for all others browsers keep answers from the page.</summary>
internal sealed class Cors(Origins origins)
{
    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
    private const string Headers = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-API-Key, X-Idempotency-Key, X-Requested-With";
    private const string Exposed = "ETag, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After";

    public async Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        var origin = http.Request.Headers.Origin;
        if (origin.Count == 0)
        {
            await next(http);
            return;
        }

        var allows = origin.Count == 1 && origins.Allows(origin[0]);
        var isPreflight = HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.ContainsKey("Access-Control-Request-Method");
        if (allows)
        {
            http.Response.OnStarting(() => Allow(http.Response, origin));
        }

        if (!isPreflight)
        {
            await next(http);
            return;
        }

        Forwarding.Headers.Secure(http.Response);
        if (!allows)
        {
            await Problems.OriginNotAllowed().ExecuteAsync(http);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.AccessControlAllowMethods = Methods;
        http.Response.Headers.AccessControlAllowHeaders = Headers;
        http.Response.Headers.AccessControlMaxAge = "600";
    }

    // As the last thing: the answer of an app brings headers of its own.
    private static Task Allow(HttpResponse response, StringValues origin)
    {
        response.Headers.AccessControlAllowOrigin = origin;
        response.Headers.AccessControlAllowCredentials = "true";
        response.Headers.AccessControlExposeHeaders = Exposed;
        response.Headers.Append("Vary", "Origin");
        return Task.CompletedTask;
    }
}
