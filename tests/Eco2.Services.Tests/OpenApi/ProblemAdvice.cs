namespace Eco2.Services.Tests.OpenApi;

/// <summary>What somebody who gets a problem can do about it.</summary>
internal static class ProblemAdvice
{
    private static readonly Dictionary<string, string> ByCode = new(StringComparer.Ordinal)
    {
        ["CHALLENGE_ENDED"] = "Sign in with the password again, then send the code within five minutes.",
        ["CHECKSUM_MISMATCH"] = "Compute sha256 over the bytes that you send, begin a new upload and send them unchanged.",
        ["CROSS_SITE_REQUEST"] = "Call from a page of this origin and send X-Requested-With, or call with a token instead of a cookie.",
        ["EMAIL_IN_USE"] = "Sign in, or ask for a link that sets a new password: POST /api/v1/auth/password/forgot.",
        ["EMAIL_NOT_VERIFIED"] = "Open the link of the verification mail; POST /api/v1/auth/email/verification sends it again.",
        ["EVENTS_EXPIRED"] = "Read the result at /api/v1/scan/{id}/result: it is kept longer than the events.",
        ["FORBIDDEN"] = "Use an account that has the role; repeating the request changes nothing.",
        ["IDEMPOTENCY_IN_PROGRESS"] = "Wait as long as Retry-After says and send the same request again.",
        ["IDEMPOTENCY_MISMATCH"] = "Take a new Idempotency-Key for a new request; the same key goes with the same body only.",
        ["IMAGE_HOST_NOT_ALLOWED"] = "Upload the picture here first and send its image_key.",
        ["INVALID_API_KEY"] = "Make a new key at POST /api/v1/auth/keys; this one is wrong, expired or revoked.",
        ["INVALID_CODE"] = "Send the present code of the authenticator, each one once, or a backup code that was not used.",
        ["HEADERS_TOO_LARGE"] = "Make the address shorter or send fewer headers; some 8 KB are taken.",
        ["INVALID_CREDENTIALS"] = "Check address and password. After several wrong tries the account answers more slowly.",
        ["INVALID_TOKEN"] = "Sign in again and send the token as it was given.",
        ["INVALID_PATH"] = "Write the path plainly: no encoded slashes or dots, no empty or dotted segments.",
        ["JOB_FINISHED"] = "Read its result; there is nothing to cancel.",
        ["LAST_SIGN_IN_WAY"] = "Set a password or link another provider, then repeat.",
        ["LINK_INVALID"] = "Ask for a new link; only the newest works, and once.",
        ["NO_CHANGES_PROVIDED"] = "Name at least one member to change.",
        ["OAUTH_PROVIDER_ERROR"] = "Start the sign-in again a little later, or sign in another way.",
        ["PASSWORD_BREACHED"] = "Choose a password that is in no list.",
        ["PHONE_IN_USE"] = "Send another number, or remove it from the other account first.",
        ["PRECONDITION_FAILED"] = "Read the resource again, make the change on what it says now, and send its new ETag as If-Match.",
        ["PRECONDITION_REQUIRED"] = "Read the resource and send its ETag as If-Match.",
        ["RATE_LIMITED"] = "Wait as long as Retry-After says. RateLimit-Remaining tells beforehand how much is left.",
        ["REQUEST_TIMEOUT"] = "Send the body faster or make it smaller.",
        ["SCOPE_MISSING"] = "Use a key with the scope that the detail names; some routes open to no key at all.",
        ["SECOND_FACTOR_REQUIRED"] = "Turn on the second factor (POST /api/v1/auth/totp), then sign in with it.",
        ["SESSION_REQUIRED"] = "Sign in; an API key or an outside token cannot do this.",
        ["SIGN_IN_AGAIN"] = "Sign in again and repeat the call within the next minutes.",
        ["TOKEN_EXPIRED"] = "Get a new access token at POST /api/v1/auth/refresh.",
        ["TOKEN_REVOKED"] = "The session was ended. Sign in again.",
        ["TOKEN_TYPE_MISMATCH"] = "Send the refresh token, not the access token.",
        ["TOO_MANY_KEYS"] = "Revoke a key that is not used any more.",
        ["TOO_MANY_STREAMS"] = "Close streams that nobody reads; one stream per job is enough.",
        ["UNAUTHORIZED"] = "Sign in and send the access token as Authorization: Bearer, an API key, or the cookie.",
        ["UNSUPPORTED_MODEL"] = "Choose one of GET /api/v1/scan/models.",
        ["UPLOAD_NOT_FOUND"] = "Begin a new upload; an address to upload to works for 15 minutes.",
    };

    public static IEnumerable<string> Codes => ByCode.Keys;

    public static string For(string code, int status) => ByCode.GetValueOrDefault(code) ?? status switch
    {
        400 => "Correct the request; errors or detail says what is wrong and why. Repeating it unchanged does not help.",
        401 => "Sign in again.",
        403 => "Repeating the request changes nothing: this caller may not do it.",
        404 => "Check the address and the id. What belongs to somebody else is not found either.",
        405 => "Use a method of this path in /openapi.json.",
        409 => "Read the present state, decide again, and repeat if it still makes sense.",
        413 => "Send less; detail says how much is accepted.",
        415 => "Send one of the content types that /openapi.json names for this call.",
        422 => "Correct what detail or errors names; repeating it unchanged does not help.",
        500 => "Try once more. If it stays, report it with the traceId.",
        503 or 504 => "Wait as long as Retry-After says and repeat, with the same Idempotency-Key where the call takes one.",
        _ => throw new InvalidOperationException($"Nobody has said what to do about {code} ({status})."),
    };
}
