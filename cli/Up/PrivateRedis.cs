using System.Net.Sockets;
using System.Text;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>A Redis of our own on a free loopback port that writes every change to disk before it answers.</summary>
internal static class PrivateRedis
{
    public static async Task<(ProcessPlan Plan, int Port)> PrepareAsync(Workspace workspace, Secrets secrets, Progress progress, CancellationToken ct)
    {
        var folder = await ServerFolder.PrepareAsync(workspace.State, "redis", "redis", progress, ct);
        var pidFile = Path.Combine(folder.Path, "redis.pid");
        await StaleServer.StopAsync(pidFile, "redis-server", ct);
        var port = Ports.Free();
        var configuration = Path.Combine(folder.Path, "redis.conf");
        // A file and not arguments: those would show the password to everybody who lists processes.
        await File.WriteAllTextAsync(
            configuration,
            $"""
            port {port}
            bind 127.0.0.1
            requirepass {secrets.Redis}
            dir {folder.Path}
            pidfile {pidFile}
            appendonly yes
            appendfsync always
            save ""
            maxmemory-policy noeviction

            """,
            ct);
        File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (folder.User is not null)
        {
            await Shell.RunAsync("chown", [$"{folder.User}:", configuration], "/", ct);
        }

        var plan = new ProcessPlan(
            "redis",
            folder.Command(Tool.Redis.Locate() ?? "redis-server", configuration),
            "/",
            Path.Combine(workspace.Logs, "redis.log"),
            new Dictionary<string, string>());
        return (plan, port);
    }

    /// <summary>Returns when it has read its data and answers.</summary>
    public static Task WaitAsync(Secrets secrets, int port, TimeProvider clock, CancellationToken ct) =>
        Until.TrueAsync(
            async () =>
            {
                using var client = new TcpClient();
                try
                {
                    await client.ConnectAsync("127.0.0.1", port, ct);
                    await using var stream = client.GetStream();
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {secrets.Redis}\r\nPING\r\nQUIT\r\n"), ct);
                    using var answers = new StreamReader(stream, Encoding.ASCII);
                    return (await answers.ReadToEndAsync(ct)).Contains("+PONG", StringComparison.Ordinal);
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    return false;
                }
            },
            "Redis did not start. Its log: .eco2/logs/redis.log",
            clock,
            ct);
}
