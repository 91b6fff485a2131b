using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Providers;

/// <summary>Sign-ins between the way to a provider and the way back. The state is ours, works once, ends soon, and only in the browser that began:
/// a cookie holds 256 random bits, the database their hash. PKCE verifier and nonce are made of both, so that they are stored nowhere.</summary>
internal sealed class PendingSignIns(NpgsqlDataSource db, IOptions<ProvidersOptions> options, IOptions<AuthOptions> auth, TimeProvider clock)
{
    public const string Cookie = "s_oauth";
    private const int Length = 43;

    private const string Insert =
        """
        with gone as (delete from provider_sign_ins where expires_at < $7)
        insert into provider_sign_ins (state_hash, browser_hash, provider, frontend, account_id, session_id, expires_at) values ($1, $2, $3, $4, $5, $6, $8)
        """;

    // Read and removed in one step: of two that bring the same state one gets it.
    private const string Take =
        """
        delete from provider_sign_ins where state_hash = $1 and browser_hash = $2 and provider = $3 and expires_at > $4
        returning frontend, account_id, session_id
        """;

    /// <param name="State">For the provider.</param>
    /// <param name="Browser">What the cookie holds.</param>
    /// <param name="ExpiresAt">UTC.</param>
    internal sealed record Started(string State, string Browser, DateTimeOffset ExpiresAt);

    /// <param name="Frontend">Where it comes back to.</param>
    /// <param name="AccountId">Of whoever links; null for a sign-in.</param>
    /// <param name="SessionId">In which that was asked for.</param>
    /// <param name="Browser">What the cookie held.</param>
    internal sealed record Pending(string Frontend, Guid? AccountId, Guid? SessionId, string Browser);

    public async Task<Started> StartAsync(HttpContext http, Provider provider, string frontend, Guid? accountId, Guid? sessionId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        // A browser keeps its secret, so that two tabs do not end each other's way.
        var browser = http.Request.Cookies[Cookie] is { } kept && IsOurs(kept) ? kept : Random();
        var started = new Started(Random(), browser, now + options.Value.SignInWithin);
        await db.ExecuteForSystemAsync(
            SystemScope.SignIn, ct, new NpgsqlBatchCommand(Insert).With(Hash(started.State), Hash(browser), provider.Id, frontend, accountId, sessionId, now, started.ExpiresAt));
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Cookies.Append(Cookie, browser, new CookieOptions
        {
            HttpOnly = true, Secure = auth.Value.SecureCookies, SameSite = SameSiteMode.Lax, Path = "/api/v1/auth", MaxAge = options.Value.SignInWithin,
        });
        return started;
    }

    /// <summary>Null for a state that is unknown, used, too old, of another provider or another browser.</summary>
    public async Task<Pending?> TakeAsync(HttpContext http, Provider provider, string? state, CancellationToken ct)
    {
        if (!IsOurs(state) || http.Request.Cookies[Cookie] is not { } browser || !IsOurs(browser))
        {
            return null;
        }

        await using var row = await db.QueryForSystemAsync(SystemScope.SignIn, Take, [Hash(state!), Hash(browser), provider.Id, clock.GetUtcNow()], ct);
        return await row.ReadAsync(ct)
            ? new Pending(row.GetString(0), row.IsDBNull(1) ? null : row.GetGuid(1), row.IsDBNull(2) ? null : row.GetGuid(2), browser)
            : null;
    }

    /// <summary>RFC 7636: 43 characters of its alphabet.</summary>
    public static string Verifier(string state, string browser) => Derive("verifier", state, browser);

    public static string Challenge(string state, string browser) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier(state, browser))));

    public static string Nonce(string state, string browser) => Derive("nonce", state, browser);

    private static string Derive(string use, string state, string browser) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(browser), Encoding.ASCII.GetBytes($"{use} {state}")));

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static bool IsOurs(string? text) => text is { Length: Length } && Base64Url.IsValid(text);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.ASCII.GetBytes(text));
}
