using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Headers;
using Eco2.Contracts.Auth;
using Eco2.Edge;
using Eco2.Edge.Callers;
using Eco2.Edge.Policies;
using Microsoft.Extensions.Primitives;

namespace Eco2.Gateway.Forwarding;

/// <summary>Which headers pass the edge: of a request those that apps read and what the edge says itself, of an answer all that are not for one hop or the edge's own.</summary>
internal static class Headers
{
    private static readonly FrozenSet<string> HopByHop = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // What apps read. An app, or a library in it, may read any other name as if the edge had said it (X-User_Id, X-Original-URL, X-Forwarded-Prefix), so no other passes.
    // And of these none that Connection names (ConnectionNames sees to it that they are told).
    // traceparent and its kin are written by the HTTP client from the current activity, which continues the caller's trace.
    private static readonly FrozenSet<string> Read = new[]
    {
        "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Content-Encoding", "Idempotency-Key", "X-Idempotency-Key", "If-Match", "If-None-Match",
        "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", "Last-Event-ID", "Origin", "User-Agent", "X-Frontend-Origin", "X-Requested-With",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Secret = new[] { "Cookie", "Authorization" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void CopyRequest(HttpRequest from, HttpRequestMessage to, Policy policy, Caller? caller, IPAddress? clientAddress)
    {
        var named = Named(from.Headers.Connection);
        foreach (var (name, values) in from.Headers)
        {
            if ((!Read.Contains(name) && !(policy.KeepsCredentials && Secret.Contains(name))) || named?.Contains(name) == true)
            {
                continue;
            }

            if (!to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                to.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (clientAddress is not null)
        {
            to.Headers.TryAddWithoutValidation(ClientAddress.Header, clientAddress.ToString());
        }

        to.Headers.TryAddWithoutValidation("X-Forwarded-Proto", from.Scheme);
        to.Headers.TryAddWithoutValidation("X-Forwarded-Host", from.Host.Value);
        if (caller is not null)
        {
            to.Headers.TryAddWithoutValidation(IdentityHeaders.UserId, caller.UserId.ToString("D"));
            to.Headers.TryAddWithoutValidation(IdentityHeaders.Provider, caller.Provider);
            to.Headers.TryAddWithoutValidation(IdentityHeaders.Roles, caller.Roles);
            if (caller.SessionId is { } session)
            {
                to.Headers.TryAddWithoutValidation(IdentityHeaders.SessionId, session.ToString("D"));
            }

            if (caller.Scopes is not null)
            {
                to.Headers.TryAddWithoutValidation(IdentityHeaders.Scopes, caller.Scopes);
            }
        }
    }

    public static void CopyResponse(HttpResponseMessage from, HttpResponse to)
    {
        Copy(from.Headers, to, from.Headers.Connection);
        Copy(from.Content.Headers, to, from.Headers.Connection);
        Secure(to);
    }

    /// <summary>What every answer of the edge carries unless the app said otherwise.</summary>
    public static void Secure(HttpResponse to)
    {
        to.Headers.XContentTypeOptions = "nosniff";
        to.Headers.TryAdd("Referrer-Policy", "no-referrer");
        to.Headers.TryAdd("X-Frame-Options", "DENY");
        to.Headers.TryAdd("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        to.Headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
        to.Headers.TryAdd("Cross-Origin-Opener-Policy", "same-origin");
        to.Headers.TryAdd("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
        if (to.HttpContext.Request.IsHttps)
        {
            to.Headers.TryAdd("Strict-Transport-Security", "max-age=31536000");
        }
    }

    private static void Copy(HttpHeaders from, HttpResponse to, HttpHeaderValueCollection<string> connection)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (!HopByHop.Contains(name)
                && !connection.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("Server", StringComparison.OrdinalIgnoreCase)
                && !name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase)
                && !name.StartsWith("RateLimit-", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("traceparent", StringComparison.OrdinalIgnoreCase)
                && !name.Equals("tracestate", StringComparison.OrdinalIgnoreCase))
            {
                to.Headers.Append(name, new StringValues([.. values]));
            }
        }
    }

    private static HashSet<string>? Named(StringValues connection) => StringValues.IsNullOrEmpty(connection)
        ? null
        : connection.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
}
