using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Eco2.Edge.Callers;

/// <summary>Checks our own access tokens.</summary>
internal sealed class TokenVerifier(VerificationKeys keys, RevokedSessions revoked, IOptions<EdgeOptions> options, TimeProvider clock)
{
    private const int MaxRemembered = 4096;

    // The signature of one token is checked once; time and session are checked every time.
    private readonly ConcurrentDictionary<string, Verified> verified = new(StringComparer.Ordinal);

    private sealed record Verified(Caller Caller, Guid Session, DateTimeOffset NotBefore, DateTimeOffset ExpiresAt);

    public async ValueTask<(Verdict Verdict, Caller? Caller)> VerifyAsync(string text, JsonWebToken? token, CancellationToken ct)
    {
        if (!keys.AreKnown || !revoked.AreKnown)
        {
            return (Verdict.Unknown, null);
        }

        if (!verified.TryGetValue(text, out var known))
        {
            known = token is null ? null : await CheckAsync(token, ct);
            if (known is null)
            {
                return (Verdict.Invalid, null);
            }

            if (verified.Count >= MaxRemembered)
            {
                verified.Clear();
            }

            verified[text] = known;
        }

        var now = clock.GetUtcNow();
        var verdict = now > known.ExpiresAt + options.Value.ClockSkew ? Verdict.Expired
            : now < known.NotBefore - options.Value.ClockSkew ? Verdict.Invalid
            : revoked.Contains(known.Session) ? Verdict.Revoked
            : Verdict.Valid;
        return (verdict, verdict == Verdict.Valid ? known.Caller : null);
    }

    public bool Remembers(string text) => verified.ContainsKey(text);

    /// <summary>Forgets what was verified, when the keys change.</summary>
    public void Forget() => verified.Clear();

    private async ValueTask<Verified?> CheckAsync(JsonWebToken token, CancellationToken ct)
    {
        if (token.KeyId is not { } kid || await keys.FindAsync(kid, ct) is not { } key || !token.IsSignedBy(key))
        {
            return null;
        }

        if (token.Issuer != options.Value.Issuer
            || !token.IsFor(options.Value.Audience)
            || token.Text("type") != "access"
            || !Guid.TryParseExact(token.Text("sub"), "D", out var user)
            || !Guid.TryParseExact(token.Text("sid"), "D", out var session)
            || token.Time("exp") is not { } expiresAt)
        {
            return null;
        }

        var roles = token.Claims.TryGetProperty("roles", out var list) && list.ValueKind == JsonValueKind.Array
            ? Caller.List(',', list.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.String).Select(r => r.GetString()))
            : "";
        var provider = token.Text("provider") is { } name && Caller.IsName(name) ? name : "";
        return new Verified(new Caller(user, session, provider, roles), session, token.Time("nbf") ?? DateTimeOffset.MinValue.AddYears(1), expiresAt);
    }
}
