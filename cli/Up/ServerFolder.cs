using System.Security.Cryptography;
using System.Text;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>The data folder of a private server, and the account it runs under. Servers never run as root: when we are root, the
/// account that the server's package brought owns the folder.</summary>
internal sealed record ServerFolder(string Path, string? User)
{
    public static async Task<ServerFolder> PrepareAsync(string state, string name, string packageUser, Progress progress, CancellationToken ct)
    {
        var path = System.IO.Path.Combine(state, name);
        if (!Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new ServerFolder(path, null);
        }

        var user = await ExistsAsync(packageUser, ct) ? packageUser : "nobody";
        var folder = new ServerFolder(path, user);
        if (await folder.CreateAsync(ct))
        {
            return folder;
        }

        // A checkout below /root: the account can't reach it. The same folder elsewhere, found again by the checkout's path.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)))[..12];
        folder = new ServerFolder($"/var/lib/eco2/{hash}/{name}", user);
        if (!await folder.CreateAsync(ct))
        {
            throw new UserMessageException($"The account {user} can use neither {path} nor {folder.Path}. Move the checkout to a folder that others may enter.");
        }

        progress.Say($"The account {user} can't enter {state}, so {name} keeps its data in {folder.Path}.");
        return folder;
    }

    /// <summary>The command line that runs <paramref name="command"/> under the account of this folder.</summary>
    public string[] Command(params string[] command) =>
        User is null ? command : ["setpriv", "--reuid", User, "--regid", User, "--init-groups", "--no-new-privs", .. command];

    private async Task<bool> CreateAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(Path);
        await Shell.RunAsync("chown", [$"{User}:", Path], "/", ct);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var probe = Command("test", "-w", Path);
        return (await Shell.RunAsync(probe[0], probe[1..], "/", ct)).ExitCode == 0;
    }

    private static async Task<bool> ExistsAsync(string user, CancellationToken ct) =>
        (await Shell.RunAsync("id", ["-u", user], "/", ct)).ExitCode == 0;
}
