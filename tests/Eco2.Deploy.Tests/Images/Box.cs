using Eco2.Testing;

namespace Eco2.Deploy.Tests.Images;

/// <summary>As near to a container as a process comes without an engine: everything is read-only but an empty /tmp, it runs as another user without
/// capabilities, and its environment is what the image gives it and what is added. Without root's rights the user stays ours.</summary>
internal static class Box
{
    private const string Script = """
        set -eu
        mount --make-rprivate /
        mount -t tmpfs -o mode=755 tmpfs /mnt
        mkdir /mnt/app /mnt/dotnet
        mount --bind "$1" /mnt/app
        mount --bind "$2" /mnt/dotnet
        user=$3
        shift 3
        # Newest first, so that those below are still there when their turn comes.
        awk '{ print $2 }' /proc/mounts | tac | while read -r path; do mount -o remount,ro,bind "$path" 2>/dev/null || :; done
        mount -t tmpfs -o mode=1777 tmpfs /tmp
        cd /mnt/app
        if [ "$user" = 0 ]; then set -- env -i "$@"; else
          set -- setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all env -i "$@"
        fi
        exec "$@"
        """;

    /// <param name="folder">What lies in the image's /app.</param>
    /// <param name="user">A number, as in the image.</param>
    /// <param name="environment">All of it.</param>
    /// <param name="command">The entry point.</param>
    /// <param name="work">Where its log is written.</param>
    public static ChildServer Start(string folder, string user, IEnumerable<string> environment, IEnumerable<string> command, string work)
    {
        Directory.CreateDirectory(work);
        var script = Path.Combine(work, "box.sh");
        File.WriteAllText(script, Script);
        var dotnet = Path.GetDirectoryName(Environment.ProcessPath)!;
        var unshare = Environment.IsPrivilegedProcess ? "unshare --mount" : "unshare --user --map-root-user --mount";
        var words = environment.Prepend("PATH=/mnt/dotnet:/usr/local/bin:/usr/bin:/bin").Concat(command).Select(word => $"'{word}'");
        return ChildServer.Start($"{unshare} sh '{script}' '{folder}' '{dotnet}' {(Environment.IsPrivilegedProcess ? user : "0")} {string.Join(' ', words)}", work, temporary: false);
    }
}
