using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Cli.Up;

/// <summary>Passwords of the private servers, made once and kept in a file that only its owner can read.</summary>
/// <param name="RabbitMq">Also what programs of the server's own know each other by.</param>
/// <param name="Encryption">What auth encrypts keys and second factors with.</param>
internal sealed record Secrets(string Postgres, string Redis, string RabbitMq, string Encryption)
{
    public static async Task<Secrets> LoadOrCreateAsync(string state, CancellationToken ct)
    {
        var file = Path.Combine(state, "secrets.json");
        if (File.Exists(file))
        {
            var kept = JsonSerializer.Deserialize<Secrets>(await File.ReadAllTextAsync(file, ct))
                ?? throw new UserMessageException($"{file} is not readable. Restore it, or remove the whole folder to start from nothing.");
            return kept.RabbitMq is null || kept.Encryption is null
                ? await WriteAsync(file, kept with { RabbitMq = kept.RabbitMq ?? Password(), Encryption = kept.Encryption ?? Password() }, ct)
                : kept;
        }

        return await WriteAsync(file, new Secrets(Password(), Password(), Password(), Password()), ct);
    }

    private static async Task<Secrets> WriteAsync(string file, Secrets secrets, CancellationToken ct)
    {
        await using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await JsonSerializer.SerializeAsync(stream, secrets, cancellationToken: ct);
        return secrets;
    }

    /// <summary>192 bits as hexadecimal text: safe in a connection string, a URL and a shell.</summary>
    public static string Password() => RandomNumberGenerator.GetHexString(48, lowercase: true);
}
