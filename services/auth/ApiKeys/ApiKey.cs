using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Eco2.Auth.ApiKeys;

/// <summary>The text of a key: <c>eco2_{id}_{secret}</c>, id as 32 hexadecimal digits, secret 256 bits in base64url. The database holds the secret's hash;
/// it is random, so one round of SHA-256 is enough.</summary>
internal sealed record ApiKey(Guid Id, string Secret)
{
    private const string Start = "eco2_";
    private const int IdLength = 32, SecretLength = 43, ShownOfId = 12;

    public string Text => $"{Prefix(Id, IdLength)}_{Secret}";

    public byte[] Hash => SHA256.HashData(Encoding.ASCII.GetBytes(Secret));

    public static ApiKey Make(DateTimeOffset now) => new(Guid.CreateVersion7(now), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>How the key begins, so that its owner knows it again; nothing of the secret.</summary>
    public static string PrefixOf(Guid id) => Prefix(id, ShownOfId);

    public static bool TryRead(string? text, out ApiKey key)
    {
        key = new ApiKey(Guid.Empty, "");
        if (text is null || text.Length != Start.Length + IdLength + 1 + SecretLength || !text.StartsWith(Start, StringComparison.Ordinal) || text[Start.Length + IdLength] != '_'
            || !Guid.TryParseExact(text.AsSpan(Start.Length, IdLength), "N", out var id)
            || !Base64Url.IsValid(text.AsSpan(text.Length - SecretLength)))
        {
            return false;
        }

        key = new ApiKey(id, text[^SecretLength..]);
        return true;
    }

    private static string Prefix(Guid id, int digits) => Start + id.ToString("N")[..digits];
}
