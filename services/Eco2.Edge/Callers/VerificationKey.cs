using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Edge.Callers;

/// <summary>A public key of a set (RFC 7517) and the one algorithm that it verifies.</summary>
internal sealed class VerificationKey
{
    private readonly ECDsa? curve;
    private readonly RSA? rsa;

    private VerificationKey(string id, ECDsa curve) => (Id, Algorithm, this.curve) = (id, "ES256", curve);

    private VerificationKey(string id, RSA rsa) => (Id, Algorithm, this.rsa) = (id, "RS256", rsa);

    public string Id { get; }

    public string Algorithm { get; }

    public bool Verifies(byte[] signed, byte[] signature) => curve is not null
        ? curve.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
        : rsa!.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    /// <summary>Every key of a set that may sign: those of another kind, for another use or too short are left out, so nobody can choose them.</summary>
    public static IEnumerable<VerificationKey> ReadSet(JsonElement set) =>
        set.GetProperty("keys").EnumerateArray().Select(Read).OfType<VerificationKey>();

    private static VerificationKey? Read(JsonElement key)
    {
        if (Text(key, "kid") is not { Length: > 0 and <= 256 } id || Text(key, "use") is not (null or "sig"))
        {
            return null;
        }

        switch (Text(key, "kty"), Text(key, "crv"), Text(key, "alg"))
        {
            case ("EC", "P-256", null or "ES256"):
                var point = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") };
                return new VerificationKey(id, ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point }));
            case ("RSA", _, null or "RS256"):
                var rsa = RSA.Create(new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") });
                return rsa.KeySize >= 2048 ? new VerificationKey(id, rsa) : null;
            default:
                return null;
        }
    }

    private static string? Text(JsonElement key, string name) => key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[] Bytes(JsonElement key, string name) => Base64Url.DecodeFromChars(Text(key, name) ?? throw new FormatException($"A key has no {name}."));
}
