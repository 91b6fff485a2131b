using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Gateway.Tokens;

/// <summary>Decides who a request comes from and whether it may pass.</summary>
internal sealed class Gate(TokenVerifier verifier)
{
    private const string AccessCookie = "s_access";
    private const string RefreshCookie = "s_refresh";

    /// <summary>Either a refusal, or the caller (null: nobody, where the route allows that).</summary>
    internal readonly record struct Entry(Identity? Caller, ProblemHttpResult? Refusal);

    public async ValueTask<Entry> CheckAsync(HttpRequest request, Route route, CancellationToken ct)
    {
        var (token, byCookie) = TokenOf(request);
        // Cookies are sent by the browser whoever asked it to; the refresh cookie opens auth's routes too.
        if ((byCookie || (route.KeepsCredentials && request.Cookies.ContainsKey(RefreshCookie))) && !IsSafe(request.Method) && !IsFromOwnPages(request))
        {
            return new Entry(null, Problems.CrossSite());
        }

        if (token is null)
        {
            return new Entry(null, route.NeedsUser ? Problems.Unauthorized() : null);
        }

        var (verdict, caller) = await verifier.VerifyAsync(token, ct);
        if (!route.NeedsUser)
        {
            // Whoever refreshes or signs in may carry an old token.
            return new Entry(caller, null);
        }

        return new Entry(caller, verdict switch
        {
            Verdict.Valid => Has(caller!, route.Role) ? null : Problems.Forbidden(),
            Verdict.Expired => Problems.TokenExpired(),
            Verdict.Revoked => Problems.TokenRevoked(),
            Verdict.Unknown => Problems.Away(),
            _ => Problems.InvalidToken(),
        });
    }

    private static (string? Token, bool ByCookie) TokenOf(HttpRequest request)
    {
        var authorization = request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            // Two credentials, or one of another kind, are no token at all rather than a guess.
            const string Bearer = "Bearer ";
            return authorization is [{ } one] && one.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? (one[Bearer.Length..].Trim(), false) : ("", false);
        }

        return request.Cookies.TryGetValue(AccessCookie, out var cookie) && cookie.Length > 0 ? (cookie, true) : (null, false);
    }

    private static bool Has(Identity caller, string? role) => role is null || caller.Roles.Split(',').Contains(role, StringComparer.Ordinal);

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>A page of another site can neither set a header of its own nor hide where it is.</summary>
    private static bool IsFromOwnPages(HttpRequest request)
    {
        if (request.Headers.ContainsKey("X-Requested-With"))
        {
            return true;
        }

        var origin = request.Headers.Origin;
        return origin.Count == 0
            ? request.Headers["Sec-Fetch-Site"] is ["same-origin"]
            : origin is [{ } text] && Uri.TryCreate(text, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }
}
