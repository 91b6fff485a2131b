using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Eco2.Gateway.Tokens;

internal enum Verdict
{
    Valid,
    Invalid,
    Expired,
    Revoked,

    /// <summary>Keys or ended sessions are not known yet: nothing can be said about any token.</summary>
    Unknown,
}

/// <summary>Checks access tokens. The key, found by its id, decides the algorithm; the token only has to agree.</summary>
internal sealed class TokenVerifier(VerificationKeys keys, RevokedSessions revoked, IOptions<GatewayOptions> options, TimeProvider clock)
{
    private const int MaxLength = 8 * 1024;
    private const int MaxRemembered = 4096;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    // The signature of one token is checked once; time and session are checked every time.
    private readonly ConcurrentDictionary<string, Identity> verified = new(StringComparer.Ordinal);

    public async ValueTask<(Verdict Verdict, Identity? Caller)> VerifyAsync(string token, CancellationToken ct)
    {
        if (token.Length > MaxLength)
        {
            return (Verdict.Invalid, null);
        }

        if (!keys.AreKnown || !revoked.AreKnown)
        {
            return (Verdict.Unknown, null);
        }

        if (!verified.TryGetValue(token, out var caller))
        {
            caller = await CheckAsync(token, ct);
            if (caller is null)
            {
                return (Verdict.Invalid, null);
            }

            if (verified.Count >= MaxRemembered)
            {
                verified.Clear();
            }

            verified[token] = caller;
        }

        var now = clock.GetUtcNow();
        var verdict = now > caller.ExpiresAt + options.Value.ClockSkew ? Verdict.Expired
            : now < caller.NotBefore - options.Value.ClockSkew ? Verdict.Invalid
            : revoked.Contains(caller.SessionId) ? Verdict.Revoked
            : Verdict.Valid;
        return (verdict, verdict == Verdict.Valid ? caller : null);
    }

    /// <summary>Forgets what was verified, when the keys change.</summary>
    public void Forget() => verified.Clear();

    private async ValueTask<Identity?> CheckAsync(string token, CancellationToken ct)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Strict);
            if (Text(header.RootElement, "kid") is not { } kid
                || header.RootElement.TryGetProperty("crit", out _)
                || await keys.FindAsync(kid, ct) is not { } key
                || Text(header.RootElement, "alg") != key.Algorithm)
            {
                return null;
            }

            var signature = Base64Url.DecodeFromChars(parts[2]);
            var signed = Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]);
            if (!key.Pair.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
            {
                return null;
            }

            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            return Read(claims.RootElement);
        }
        catch (Exception e) when (e is FormatException or JsonException or CryptographicException or InvalidOperationException)
        {
            // Not base64, not JSON, not an object: not a token.
            return null;
        }
    }

    private Identity? Read(JsonElement claims)
    {
        if (Text(claims, "iss") != options.Value.Issuer
            || !IsForUs(claims)
            || Text(claims, "type") != "access"
            || !Guid.TryParseExact(Text(claims, "sub"), "D", out var user)
            || !Guid.TryParseExact(Text(claims, "sid"), "D", out var session)
            || Time(claims, "exp") is not { } expiresAt)
        {
            return null;
        }

        var roles = claims.TryGetProperty("roles", out var list) && list.ValueKind == JsonValueKind.Array
            ? string.Join(',', list.EnumerateArray().Select(r => r.GetString()).Where(r => r is not null && r.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            : "";
        var provider = Text(claims, "provider") is { } name && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? name : "";
        return new Identity(user, session, provider, roles, Time(claims, "nbf") ?? DateTimeOffset.MinValue.AddYears(1), expiresAt);
    }

    private bool IsForUs(JsonElement claims) => claims.TryGetProperty("aud", out var audience) && audience.ValueKind switch
    {
        JsonValueKind.String => audience.GetString() == options.Value.Audience,
        JsonValueKind.Array => audience.EnumerateArray().Any(a => a.ValueKind == JsonValueKind.String && a.GetString() == options.Value.Audience),
        _ => false,
    };

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is > 0 and < 253_000_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
