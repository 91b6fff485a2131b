using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Eco2.Auth.Keys;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Sessions;

/// <summary>Signs access tokens: JWT, ES256.</summary>
internal sealed class AccessTokens(KeyRing ring, IOptions<AuthOptions> options, TimeProvider clock)
{
    public async Task<string> SignAsync(Guid userId, Guid sessionId, string provider, IReadOnlyList<string> roles, DateTimeOffset now, CancellationToken ct)
    {
        var key = await ring.SigningAsync(ct);
        var header = Encode(json =>
        {
            json.WriteString("alg", "ES256");
            json.WriteString("kid", key.Id);
            json.WriteString("typ", "JWT");
        });
        var payload = Encode(json =>
        {
            json.WriteString("iss", options.Value.Issuer);
            json.WriteString("aud", options.Value.Audience);
            json.WriteString("sub", userId.ToString("D"));
            json.WriteString("sid", sessionId.ToString("D"));
            json.WriteString("jti", Guid.CreateVersion7(clock.GetUtcNow()).ToString("D"));
            json.WriteString("type", "access");
            json.WriteString("provider", provider);
            json.WriteStartArray("roles");
            foreach (var role in roles)
            {
                json.WriteStringValue(role);
            }

            json.WriteEndArray();
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("nbf", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + options.Value.AccessLifetime).ToUnixTimeSeconds());
        });
        var signed = $"{header}.{payload}";
        var signature = key.Pair.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(Action<Utf8JsonWriter> members)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }
}
