using System.Text.Json;
using Eco2.Cli.Up;

namespace Eco2.Cli.Scan;

/// <summary>The account that this machine scans with, in a file that only its owner can read.</summary>
/// <param name="TotpSecret">Its second factor, Base32, once an operator's command needed one.</param>
internal sealed record LocalUser(string Email, string Password, string? TotpSecret = null)
{
    public static async Task<LocalUser> LoadOrCreateAsync(string state, CancellationToken ct)
    {
        var file = FileIn(state);
        if (File.Exists(file))
        {
            return JsonSerializer.Deserialize<LocalUser>(await File.ReadAllTextAsync(file, ct))
                ?? throw new UserMessageException($"{file} is not readable. Remove it to get a new local user.");
        }

        Directory.CreateDirectory(state);
        var user = new LocalUser($"local-{Secrets.Password()[..8]}@eco2.example", Secrets.Password());
        await using var stream = Open(file, FileMode.CreateNew);
        await JsonSerializer.SerializeAsync(stream, user, cancellationToken: ct);
        return user;
    }

    /// <summary>Written beside and moved into place: whoever reads it meanwhile sees the whole of one or the other.</summary>
    public async Task SaveAsync(string state, CancellationToken ct)
    {
        var beside = FileIn(state) + ".new";
        await using (var stream = Open(beside, FileMode.Create))
        {
            await JsonSerializer.SerializeAsync(stream, this, cancellationToken: ct);
        }

        File.Move(beside, FileIn(state), overwrite: true);
    }

    internal static FileStream Open(string file, FileMode mode) => new(file, new FileStreamOptions
    {
        Mode = mode,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private static string FileIn(string state) => Path.Combine(state, "user.json");
}
