using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Auth.Providers;

/// <summary>A public key of a provider: RSA of 2048 bits or more (RS256), or P-256 (ES256). The key says the algorithm, not the token.</summary>
internal sealed record VerificationKey(string Id, string Algorithm, AsymmetricAlgorithm Pair)
{
    private const int MaxKeys = 64;

    public bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) => Pair switch
    {
        RSA rsa => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => ecdsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
        _ => false,
    };

    /// <summary>The keys of a JWK set; one of a kind we do not verify with is left out, so nobody can choose it.</summary>
    public static FrozenDictionary<string, VerificationKey> ReadAll(JsonElement set)
    {
        if (!set.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
        {
            throw new ProviderException("The provider's key set has no keys.");
        }

        return keys.EnumerateArray().Take(MaxKeys).Select(TryRead).OfType<VerificationKey>().DistinctBy(key => key.Id, StringComparer.Ordinal).ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);
    }

    private static VerificationKey? TryRead(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || Claims.Text(key, "kid") is not { Length: > 0 } id || Claims.Text(key, "use") is not (null or "sig"))
        {
            return null;
        }

        try
        {
            return (Claims.Text(key, "kty"), Claims.Text(key, "alg")) switch
            {
                ("RSA", null or "RS256") when Base64Url.DecodeFromChars(Claims.Text(key, "n")) is { Length: >= 256 } modulus =>
                    new VerificationKey(id, "RS256", RSA.Create(new RSAParameters { Modulus = modulus, Exponent = Base64Url.DecodeFromChars(Claims.Text(key, "e")) })),
                ("EC", null or "ES256") when Claims.Text(key, "crv") == "P-256" =>
                    new VerificationKey(id, "ES256", ECDsa.Create(new ECParameters
                    {
                        Curve = ECCurve.NamedCurves.nistP256,
                        Q = new ECPoint { X = Base64Url.DecodeFromChars(Claims.Text(key, "x")), Y = Base64Url.DecodeFromChars(Claims.Text(key, "y")) },
                    })),
                _ => null,
            };
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }
}
