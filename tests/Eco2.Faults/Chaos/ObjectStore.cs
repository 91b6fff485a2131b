using Eco2.Testing;

namespace Eco2.Faults.Chaos;

/// <summary>The folder of pictures, such that it can run full. Root gets a small file system of its own in memory, which really fills up;
/// for anybody else the folder becomes read-only, which binds them but not root.</summary>
internal sealed class ObjectStore(string folder) : IAsyncDisposable
{
    private const int Megabytes = 64;

    private bool mounted;

    private string Filler => Path.Combine(folder, "filler");

    /// <summary>Before the system starts.</summary>
    public async Task PrepareAsync()
    {
        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess)
        {
            var (exit, output) = await EcoRun.RunAsync("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "none", folder);
            mounted = exit == 0 ? true : throw new InvalidOperationException($"A file system of limited size cannot be mounted: {output}");
        }
    }

    /// <summary>No byte more.</summary>
    public async Task FillAsync(CancellationToken ct)
    {
        if (!mounted)
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            return;
        }

        // Unbuffered: what does not fit must fail here and not when the file is closed.
        using var file = File.OpenHandle(Filler, FileMode.Create, FileAccess.Write);
        var block = new byte[64 * 1024];
        for (long at = 0, size = block.Length; size > 0;)
        {
            try
            {
                await RandomAccess.WriteAsync(file, block.AsMemory(0, (int)size), at, ct);
                at += size;
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>There is room again.</summary>
    public void Empty()
    {
        if (mounted)
        {
            File.Delete(Filler);
        }
        else
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (mounted)
        {
            await EcoRun.RunAsync("umount", "-l", folder);
        }
    }
}
