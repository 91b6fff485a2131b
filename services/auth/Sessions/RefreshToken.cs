using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Eco2.Auth.Sessions;

/// <summary>An opaque random secret; the database holds its hash only.</summary>
internal sealed record RefreshToken(string Text)
{
    private const string Prefix = "r1_";

    public byte[] Hash => SHA256.HashData(Encoding.ASCII.GetBytes(Text));

    public static RefreshToken Make() => new(Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    public static bool TryRead(string? text, out RefreshToken token)
    {
        token = new RefreshToken(text ?? "");
        return token.Text.Length == Prefix.Length + 43
            && token.Text.StartsWith(Prefix, StringComparison.Ordinal)
            && Base64Url.IsValid(token.Text.AsSpan(Prefix.Length));
    }

    /// <summary>Looks like a signed token of three parts: somebody mixed the two up.</summary>
    public static bool LooksLikeAccessToken(string? text) => text is not null && text.Count(c => c == '.') == 2;
}
