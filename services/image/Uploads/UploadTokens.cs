using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>Signed upload addresses: key (which names the owner), type, size and end are part of what is signed.</summary>
internal sealed class UploadTokens(NpgsqlDataSource db)
{
    // Of replicas that start together the first one's secret counts.
    private const string Make = "insert into upload_keys (id, secret) values (1, $1) on conflict (id) do nothing";
    private const string Read = "select secret from upload_keys where id = 1";

    private byte[]? secret;

    /// <summary>What an address permits.</summary>
    public sealed record Permission(ImageKey Key, string ContentType, long Bytes, DateTimeOffset ExpiresAt);

    public async Task<string> SignAsync(PictureRow picture, CancellationToken ct)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{picture.Key}|{picture.DeclaredType}|{picture.DeclaredBytes}|{picture.ExpiresAt!.Value.ToUnixTimeSeconds()}");
        var body = Encoding.ASCII.GetBytes(text);
        return $"{Base64Url.EncodeToString(body)}.{Base64Url.EncodeToString(HMACSHA256.HashData(await SecretAsync(ct), body))}";
    }

    /// <summary>Null for whatever this service did not sign.</summary>
    public async Task<Permission?> VerifyAsync(string token, CancellationToken ct)
    {
        if (token.Length > 512 || token.Split('.') is not [var body, var signature] || !Base64Url.IsValid(body) || !Base64Url.IsValid(signature))
        {
            return null;
        }

        var signed = Base64Url.DecodeFromChars(body);
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(await SecretAsync(ct), signed), Base64Url.DecodeFromChars(signature)))
        {
            return null;
        }

        return Encoding.ASCII.GetString(signed).Split('|') is [var key, var type, var bytes, var end] && ImageKey.TryRead(key, out var image)
            ? new Permission(
                image,
                type,
                long.Parse(bytes, CultureInfo.InvariantCulture),
                DateTimeOffset.FromUnixTimeSeconds(long.Parse(end, CultureInfo.InvariantCulture)))
            : null;
    }

    private async ValueTask<byte[]> SecretAsync(CancellationToken ct)
    {
        if (secret is { } known)
        {
            return known;
        }

        await using (var make = db.CreateCommand(Make).With(RandomNumberGenerator.GetBytes(32)))
        {
            await make.ExecuteNonQueryAsync(ct);
        }

        await using var read = db.CreateCommand(Read);
        return secret = (byte[])(await read.ExecuteScalarAsync(ct))!;
    }
}
