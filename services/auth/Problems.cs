using System.Globalization;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth;

/// <summary>Every way this service says no; the README lists the same.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Problem.Validation("auth", errors);

    public static ProblemHttpResult Forbidden() => Problem.Of("auth", "FORBIDDEN", 403, "This is for admins.");

    public static ProblemHttpResult EmailInUse() => Problem.Of("auth", "EMAIL_IN_USE", 409, "There is an account with this e-mail address.");

    /// <summary>One answer for an unknown address and a wrong password, so that nobody learns who has an account.</summary>
    public static ProblemHttpResult InvalidCredentials() => Problem.Of("auth", "INVALID_CREDENTIALS", 401, "E-mail address or password is wrong.");

    public static ProblemHttpResult TooManyAttempts(TimeSpan wait) => Problem.Of(
        "auth",
        "RATE_LIMITED",
        429,
        "Too many attempts.",
        string.Create(CultureInfo.InvariantCulture, $"Try again in {Math.Ceiling(wait.TotalSeconds)} s."),
        retryAfter: wait);

    public static ProblemHttpResult InvalidToken() => Problem.Of("auth", "INVALID_TOKEN", 401, "The refresh token is not valid.");

    public static ProblemHttpResult TokenTypeMismatch() => Problem.Of("auth", "TOKEN_TYPE_MISMATCH", 400, "This is not a refresh token.");

    public static ProblemHttpResult TokenExpired() => Problem.Of("auth", "TOKEN_EXPIRED", 401, "The refresh token has expired.");

    public static ProblemHttpResult TokenRevoked() => Problem.Of("auth", "TOKEN_REVOKED", 401, "The session has ended. Sign in again.");

    /// <summary>A foreign id is answered like one that was never given out.</summary>
    public static ProblemHttpResult NotFound() => Problem.Of("auth", "NOT_FOUND", 404, "There is nothing here.");

    public static ProblemHttpResult SessionRequired() => Problem.Of("auth", "SESSION_REQUIRED", 403, "An API key does not open this. Sign in.");

    public static ProblemHttpResult TooManyKeys(int max) => Problem.Of("auth", "TOO_MANY_KEYS", 409, "There are too many keys.", $"At most {max}. Revoke one first.");
}
