using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Edge;

/// <summary>Every way the edge itself says no, whichever app stands at the door; the README of the gateway lists the same.</summary>
internal static class Problems
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    public static ProblemHttpResult Unauthorized() => Problem.Of("gateway", "UNAUTHORIZED", 401, "Sign in first.");

    public static ProblemHttpResult InvalidToken() => Problem.Of("gateway", "INVALID_TOKEN", 401, "The access token is not valid.");

    public static ProblemHttpResult TokenExpired() => Problem.Of("gateway", "TOKEN_EXPIRED", 401, "The access token has expired.");

    public static ProblemHttpResult TokenRevoked() => Problem.Of("gateway", "TOKEN_REVOKED", 401, "The session has ended. Sign in again.");

    public static ProblemHttpResult InvalidKey() => Problem.Of("gateway", "INVALID_API_KEY", 401, "The API key is not valid.");

    public static ProblemHttpResult CrossSite() => Problem.Of(
        "gateway",
        "CROSS_SITE_REQUEST",
        403,
        "A cookie opens this only from our own pages.",
        "Send the header X-Requested-With, or use Authorization: Bearer.");

    public static ProblemHttpResult Forbidden() => Problem.Of("gateway", "FORBIDDEN", 403, "This is not for you.");

    public static ProblemHttpResult SecondFactorRequired() => Problem.Of(
        "gateway", "SECOND_FACTOR_REQUIRED", 403, "This is open to you with a second factor.", "Turn it on, verify your address, and sign in again.");

    public static ProblemHttpResult ScopeMissing(string? scope) => Problem.Of(
        "gateway",
        "SCOPE_MISSING",
        403,
        "The API key does not open this.",
        scope is null ? "No API key does: sign in." : $"It wants the scope {scope}.");

    public static ProblemHttpResult OriginNotAllowed() => Problem.Of("gateway", "ORIGIN_NOT_ALLOWED", 403, "Pages of this origin may not call.");

    public static ProblemHttpResult RateLimited(int seconds) => Problem.Of(
        "gateway",
        "RATE_LIMITED",
        429,
        "Too many requests.",
        $"Try again in {seconds} s.",
        retryAfter: TimeSpan.FromSeconds(seconds));

    public static ProblemHttpResult InvalidPath() => Problem.Of("gateway", "INVALID_PATH", 400, "The path is not in its plain form.");

    public static ProblemHttpResult NotFound() => Problem.Of("gateway", "NOT_FOUND", 404, "There is nothing here.");

    public static ProblemHttpResult MethodNotAllowed() => Problem.Of("gateway", "METHOD_NOT_ALLOWED", 405, "This resource does not know the method.");

    public static ProblemHttpResult BodyTooSlow() => Problem.Of("gateway", "REQUEST_TIMEOUT", 408, "The request took too long to arrive.");

    public static ProblemHttpResult TooLarge(long limit) => Problem.Of("gateway", "TOO_LARGE", 413, "The request is too large.", $"At most {limit} bytes are accepted here.");

    public static ProblemHttpResult HeadersTooLarge() => Problem.Of("gateway", "HEADERS_TOO_LARGE", 431, "The address and the headers are too large.");

    public static ProblemHttpResult Away() => Problem.Of("gateway", "OVERLOADED", 503, "The service cannot do this at the moment.", retryAfter: Soon);

    public static ProblemHttpResult TooSlow() => Problem.Of("gateway", "TIMEOUT", 504, "The service did not answer in time.", retryAfter: Soon);
}
