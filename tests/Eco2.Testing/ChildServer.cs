using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Eco2.Cli.Up;

namespace Eco2.Testing;

/// <summary>A server process that cannot outlive the test process: its shell ends with the server, and kills it when our end of a pipe closes.</summary>
public sealed class ChildServer : IAsyncDisposable
{
    private readonly Process shell;

    private ChildServer(Process shell) => this.shell = shell;

    /// <summary>It ended, by itself or because it was disposed.</summary>
    public bool HasEnded => shell.HasExited;

    /// <summary>Runs <paramref name="command"/> under a shell as <paramref name="user"/> (null: as we are), logging to <paramref name="log"/> (null: <c>log</c> in
    /// <paramref name="folder"/>), a folder which is made if it is not there and removed at the end if <paramref name="temporary"/>.
    /// A shell lets background processes ignore QUIT, so only a server with a handler of its own may be stopped by it.</summary>
    public static ChildServer Start(string command, string folder, bool temporary, string? user = null, string stopSignal = "KILL", IReadOnlyDictionary<string, string>? environment = null, string? log = null)
    {
        var script = $"mkdir -p '{folder}'; exec 3<&0; {command} </dev/null 3<&- >>'{log ?? Path.Combine(folder, "log")}' 2>&1 & pid=$!; "
            + $"(cat <&3 >/dev/null; kill -{stopSignal} $pid 2>/dev/null) & wait $pid 2>/dev/null; kill $! 2>/dev/null; {(temporary ? $"rm -rf '{folder}'" : "true")}";
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/tmp" };
        if (user is not null)
        {
            start.FileName = "setpriv";
            foreach (var word in (string[])["--reuid", user, "--regid", user, "--init-groups", "sh"])
            {
                start.ArgumentList.Add(word);
            }
        }

        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new ChildServer(Process.Start(start) ?? throw new InvalidOperationException($"Could not start: {command}"));
    }

    /// <summary>A free port that no outgoing connection takes before the server binds it, and that this process gives out once.</summary>
    public static int FreePort() => Ports.Free();

    /// <summary>Waits until something accepts on a port of this machine.</summary>
    public static Task WaitForPortAsync(int port, CancellationToken ct = default) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var client = new TcpClient();
                try
                {
                    await client.ConnectAsync(IPAddress.Loopback, port, ct);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            $"port {port} accepts",
            // RabbitMQ on a machine with other things to do.
            TimeSpan.FromMinutes(2),
            ct);

    public async ValueTask DisposeAsync()
    {
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        shell.Dispose();
    }
}
