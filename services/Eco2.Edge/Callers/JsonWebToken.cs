using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Eco2.Edge.Callers;

/// <summary>A signed token taken apart, RFC 7515. Nothing in it is believed before <see cref="IsSignedBy"/>.</summary>
internal sealed class JsonWebToken : IDisposable
{
    private const int MaxLength = 8 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private readonly JsonDocument header;
    private readonly JsonDocument payload;
    private readonly byte[] signed;
    private readonly byte[] signature;

    private JsonWebToken(JsonDocument header, JsonDocument payload, byte[] signed, byte[] signature) =>
        (this.header, this.payload, this.signed, this.signature) = (header, payload, signed, signature);

    public string? KeyId => Text(header.RootElement, "kid");

    public JsonElement Claims => payload.RootElement;

    public string? Issuer => Text(Claims, "iss");

    /// <summary>Not base64, not JSON, not an object, twice the same member, too long, or with demands that we do not know (crit): not a token.</summary>
    public static JsonWebToken? Read(string text)
    {
        if (text.Length > MaxLength || text.Split('.') is not [var first, var second, var third])
        {
            return null;
        }

        JsonDocument? header = null;
        try
        {
            header = JsonDocument.Parse(Base64Url.DecodeFromChars(first), Strict);
            var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(second), Strict);
            var token = new JsonWebToken(header, payload, Encoding.ASCII.GetBytes(text[..text.LastIndexOf('.')]), Base64Url.DecodeFromChars(third));
            if (header.RootElement.ValueKind == JsonValueKind.Object && payload.RootElement.ValueKind == JsonValueKind.Object && !header.RootElement.TryGetProperty("crit", out _))
            {
                return token;
            }

            token.Dispose();
            return null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            header?.Dispose();
            return null;
        }
    }

    /// <summary>The key decides the algorithm; the token only has to agree.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        try
        {
            return Text(header.RootElement, "alg") == key.Algorithm && key.Verifies(signed, signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public bool IsFor(string audience) => Claims.TryGetProperty("aud", out var aud) && aud.ValueKind switch
    {
        JsonValueKind.String => aud.ValueEquals(audience),
        JsonValueKind.Array => aud.EnumerateArray().Any(a => a.ValueKind == JsonValueKind.String && a.ValueEquals(audience)),
        _ => false,
    };

    public string? Text(string claim) => Text(Claims, claim);

    public DateTimeOffset? Time(string claim) =>
        Claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is > 0 and < 253_000_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    public void Dispose()
    {
        header.Dispose();
        payload.Dispose();
    }

    private static string? Text(JsonElement parent, string name)
    {
        try
        {
            return parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is no text.
            return null;
        }
    }
}
