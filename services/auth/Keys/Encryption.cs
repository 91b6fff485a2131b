using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Keys;

/// <summary>Encrypts what the database keeps but a copy of it must not give away: signing keys, secrets of second factors. AES-256-GCM with the
/// keys of <c>Auth:EncryptionKey</c>, else of the secret <c>auth-encryption-key</c>: the first encrypts, all decrypt, so a key can be followed by another.</summary>
internal sealed class Encryption(IOptions<AuthOptions> options, DaprClient dapr) : IDisposable
{
    private const string SecretStore = "secrets";
    private const string SecretName = "auth-encryption-key";
    private const byte Version = 1;
    private const int MinText = 32, KeyBytes = 32, IdBytes = 4, NonceBytes = 12, TagBytes = 16;
    private const int Overhead = 1 + IdBytes + NonceBytes + TagBytes;

    private readonly SemaphoreSlim reading = new(1);
    private volatile IReadOnlyList<byte[]>? keys;

    /// <param name="plain">At most some kilobytes.</param>
    /// <param name="use">What and whose it is, such as <c>totp 0198…</c>: it decrypts for this use only, so nobody can move it to another row.</param>
    /// <param name="ct">Ends the wait for the secret store.</param>
    /// <returns>Version, id of the key, nonce, tag, ciphertext.</returns>
    public async ValueTask<byte[]> EncryptAsync(ReadOnlyMemory<byte> plain, string use, CancellationToken ct)
    {
        var key = (await KeysAsync(ct))[0];
        var sealedText = new byte[Overhead + plain.Length];
        sealedText[0] = Version;
        IdOf(key).CopyTo(sealedText, 1);
        RandomNumberGenerator.Fill(sealedText.AsSpan(1 + IdBytes, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(
            sealedText.AsSpan(1 + IdBytes, NonceBytes), plain.Span, sealedText.AsSpan(Overhead), sealedText.AsSpan(1 + IdBytes + NonceBytes, TagBytes), Encoding.UTF8.GetBytes(use));
        return sealedText;
    }

    /// <exception cref="CryptographicException">It was changed, is of another use, or its key is not among ours.</exception>
    public async ValueTask<byte[]> DecryptAsync(byte[] sealedText, string use, CancellationToken ct)
    {
        if (sealedText.Length < Overhead || sealedText[0] != Version)
        {
            throw new CryptographicException("This was not encrypted here.");
        }

        var key = (await KeysAsync(ct)).FirstOrDefault(k => sealedText.AsSpan(1, IdBytes).SequenceEqual(IdOf(k)))
            ?? throw new CryptographicException("The key it was encrypted with is not among those of Auth:EncryptionKey.");
        var plain = new byte[sealedText.Length - Overhead];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(
            sealedText.AsSpan(1 + IdBytes, NonceBytes), sealedText.AsSpan(Overhead), sealedText.AsSpan(1 + IdBytes + NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(use));
        return plain;
    }

    /// <returns>The same encrypted with the key that encrypts now; null when it is already.</returns>
    /// <exception cref="CryptographicException">As of <see cref="DecryptAsync"/>.</exception>
    public async ValueTask<byte[]?> RenewAsync(byte[] sealedText, string use, CancellationToken ct)
    {
        var current = await CurrentIdAsync(ct);
        return sealedText.AsSpan(1, IdBytes).SequenceEqual(current) ? null : await EncryptAsync(await DecryptAsync(sealedText, use, ct), use, ct);
    }

    /// <summary>What bytes 2 to 5 of everything say that was encrypted with the key that encrypts now.</summary>
    public async ValueTask<byte[]> CurrentIdAsync(CancellationToken ct) => IdOf((await KeysAsync(ct))[0]);

    /// <summary>Tells two texts apart without giving either away: a hash that nobody can make without the key that encrypts now.</summary>
    public async ValueTask<byte[]> FingerprintAsync(ReadOnlyMemory<byte> text, CancellationToken ct) =>
        HMACSHA256.HashData(HKDF.Expand(HashAlgorithmName.SHA256, (await KeysAsync(ct))[0], KeyBytes, "eco2 auth fingerprint"u8.ToArray()), text.Span);

    public void Dispose() => reading.Dispose();

    private async ValueTask<IReadOnlyList<byte[]>> KeysAsync(CancellationToken ct)
    {
        if (keys is { } known)
        {
            return known;
        }

        await reading.WaitAsync(ct);
        try
        {
            return keys ??= Derive(options.Value.EncryptionKey is { Length: > 0 } text ? text : (await dapr.GetSecretAsync(SecretStore, SecretName, cancellationToken: ct)).Values.First());
        }
        finally
        {
            reading.Release();
        }
    }

    private static List<byte[]> Derive(string text)
    {
        var texts = text.Split(',', StringSplitOptions.TrimEntries);
        // The text itself is in no message.
        return Array.TrueForAll(texts, t => t.Length >= MinText)
            ? [.. texts.Select(t => HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(t), KeyBytes, info: "eco2 auth encryption"u8.ToArray()))]
            : throw new InvalidOperationException($"Auth:EncryptionKey wants random texts of at least {MinText} characters, separated by commas.");
    }

    private static byte[] IdOf(byte[] key) => SHA256.HashData(key)[..IdBytes];
}
