using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Eco2.Auth.Providers;

/// <summary>Checks ID tokens as OpenID Connect Core 3.1.3.7 wants it.</summary>
internal sealed class IdToken(Discovery discovery, TimeProvider clock)
{
    private const int MaxLength = 16 * 1024;
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <returns>The claims.</returns>
    /// <exception cref="ProviderException">The token is not one that this provider made for this client and this sign-in, or its keys cannot be had.</exception>
    public async Task<JsonElement> VerifyAsync(Provider provider, Discovery.Endpoints endpoints, string token, string nonce, CancellationToken ct)
    {
        var parts = token.Split('.', 4);
        if (token.Length > MaxLength || parts.Length != 3)
        {
            throw new ProviderException("The ID token has not the form of one.");
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Strict);
            if (Claims.Text(header.RootElement, "kid") is not { Length: > 0 and <= 256 } kid || header.RootElement.TryGetProperty("crit", out _))
            {
                throw new ProviderException("The ID token names no key.");
            }

            var key = await discovery.KeyAsync(provider, endpoints.KeySet!, kid, ct) ?? throw new ProviderException("The ID token was signed with a key that the provider does not publish.");
            // none and HS256 end here: no published key has them.
            if (Claims.Text(header.RootElement, "alg") != key.Algorithm
                || !key.Verifies(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2])))
            {
                throw new ProviderException("The signature of the ID token is wrong.");
            }

            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            Check(claims.RootElement, endpoints.Issuer!, provider.ClientId, nonce);
            return claims.RootElement.Clone();
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or System.Security.Cryptography.CryptographicException)
        {
            throw new ProviderException("The ID token cannot be read.", false, e);
        }
    }

    private void Check(JsonElement claims, string issuer, string clientId, string nonce)
    {
        var now = clock.GetUtcNow();
        var why = Claims.Text(claims, "iss") != issuer ? "issuer"
            : !IsFor(claims, clientId) ? "audience"
            : Claims.Text(claims, "nonce") != nonce ? "nonce"
            : Claims.Time(claims, "exp") is not { } expiresAt || expiresAt + Skew <= now ? "time"
            : Claims.Time(claims, "iat") is not { } issuedAt || issuedAt - Skew > now ? "time"
            : Claims.Time(claims, "nbf") is { } notBefore && notBefore - Skew > now ? "time"
            : null;
        if (why is not null)
        {
            throw new ProviderException($"The ID token has the wrong {why}.");
        }
    }

    /// <summary>For us alone, or for several of which we are the one that asked.</summary>
    private static bool IsFor(JsonElement claims, string clientId)
    {
        var hasParty = claims.TryGetProperty("azp", out _);
        if (!claims.TryGetProperty("aud", out var audience) || (hasParty && Claims.Text(claims, "azp") != clientId))
        {
            return false;
        }

        return audience.ValueKind switch
        {
            JsonValueKind.String => audience.GetString() == clientId,
            JsonValueKind.Array => audience.EnumerateArray().Any(a => a.ValueKind == JsonValueKind.String && a.GetString() == clientId) && (audience.GetArrayLength() == 1 || hasParty),
            _ => false,
        };
    }
}
