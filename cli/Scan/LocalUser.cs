using System.Text.Json;
using Eco2.Cli.Up;

namespace Eco2.Cli.Scan;

/// <summary>The account that this machine scans with.</summary>
internal sealed record LocalUser(string Email, string Password)
{
    public static async Task<LocalUser> LoadOrCreateAsync(string state, CancellationToken ct)
    {
        var file = Path.Combine(state, "user.json");
        if (File.Exists(file))
        {
            return JsonSerializer.Deserialize<LocalUser>(await File.ReadAllTextAsync(file, ct))
                ?? throw new UserMessageException($"{file} is not readable. Remove it to get a new local user.");
        }

        Directory.CreateDirectory(state);
        var user = new LocalUser($"local-{Secrets.Password()[..8]}@eco2.example", Secrets.Password());
        await using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await JsonSerializer.SerializeAsync(stream, user, cancellationToken: ct);
        return user;
    }
}
