using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Cli.Up;

/// <summary>Passwords of the private servers, made once and kept in a file that only its owner can read.</summary>
internal sealed record Secrets(string Postgres, string Redis)
{
    public static async Task<Secrets> LoadOrCreateAsync(string state, CancellationToken ct)
    {
        var file = Path.Combine(state, "secrets.json");
        if (File.Exists(file))
        {
            return JsonSerializer.Deserialize<Secrets>(await File.ReadAllTextAsync(file, ct))
                ?? throw new UserMessageException($"{file} is not readable. Restore it, or remove the whole folder to start from nothing.");
        }

        var secrets = new Secrets(Password(), Password());
        await using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await JsonSerializer.SerializeAsync(stream, secrets, cancellationToken: ct);
        return secrets;
    }

    /// <summary>192 bits as hexadecimal text: safe in a connection string, a URL and a shell.</summary>
    public static string Password() => RandomNumberGenerator.GetHexString(48, lowercase: true);
}
