using System.Globalization;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth;

/// <summary>Every way this service says no; the README lists the same.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Problem.Validation("auth", errors);

    public static ProblemHttpResult Forbidden() => Problem.Of("auth", "FORBIDDEN", 403, "This is for admins.");

    public static ProblemHttpResult PasswordTooShort(string member) => Password("PASSWORD_TOO_SHORT", member, "The password is too short.", "A password has at least 8 characters; 15 and more are better.");

    public static ProblemHttpResult PasswordTooLong(string member) => Password("PASSWORD_TOO_LONG", member, "The password is too long.", "A password has at most 128 characters.");

    public static ProblemHttpResult PasswordGuessable(string member) =>
        Password("PASSWORD_GUESSABLE", member, "The password is easy to guess.", "It must not contain the name of the e-mail address or of this service.");

    public static ProblemHttpResult PasswordBreached(string member) =>
        Password("PASSWORD_BREACHED", member, "The password is known.", "It is among those that are tried first. Choose another one.");

    public static ProblemHttpResult LinkInvalid() => Problem.Of("auth", "LINK_INVALID", 400, "The link was used, is too old, or there is a newer one.");

    public static ProblemHttpResult ChallengeEnded() => Problem.Of("auth", "CHALLENGE_ENDED", 401, "The sign-in took too long or too many tries. Start again.");

    public static ProblemHttpResult InvalidCode() => Problem.Of("auth", "INVALID_CODE", 422, "The code is wrong, or was used before.");

    public static ProblemHttpResult WrongPassword() => Problem.Of("auth", "WRONG_PASSWORD", 422, "The current password is wrong.");

    public static ProblemHttpResult SignInAgain() => Problem.Of("auth", "SIGN_IN_AGAIN", 403, "Sign in again first: this wants a fresh sign-in.");

    public static ProblemHttpResult EmailNotVerified() => Problem.Of("auth", "EMAIL_NOT_VERIFIED", 409, "Verify the e-mail address first.");

    public static ProblemHttpResult NoEmail() => Problem.Of("auth", "NO_EMAIL", 409, "The account has no e-mail address.");

    public static ProblemHttpResult SecondFactorOn() => Problem.Of("auth", "SECOND_FACTOR_ON", 409, "The second factor is on already.");

    public static ProblemHttpResult SecondFactorOff() => Problem.Of("auth", "SECOND_FACTOR_OFF", 409, "There is no second factor to do this with.");

    public static ProblemHttpResult AccountNotFound() => Problem.Of("auth", "USER_NOT_FOUND", 404, "There is no such account.");

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

    public static ProblemHttpResult UnsupportedProvider() => Problem.Of("auth", "UNSUPPORTED_PROVIDER", 400, "There is no sign-in by this provider.");

    public static ProblemHttpResult OAuthProviderError() => Problem.Of("auth", "OAUTH_PROVIDER_ERROR", 502, "The provider cannot be used at the moment.");

    public static ProblemHttpResult LastSignInWay() => Problem.Of("auth", "LAST_SIGN_IN_WAY", 409, "This is the only way into the account.", "Set a password or link another provider first.");

    private static ProblemHttpResult Password(string code, string member, string title, string detail) =>
        Problem.Of("auth", code, 422, title, detail, new Dictionary<string, string[]> { [member] = [detail] });
}
