using System.Net.Sockets;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>A RabbitMQ of our own on free loopback ports, without plugins, with a port mapper that ends with it.</summary>
internal static class PrivateRabbitMq
{
    public static async Task<(ProcessPlan Plan, int Port)> PrepareAsync(Workspace workspace, Secrets secrets, Progress progress, CancellationToken ct)
    {
        var folder = await ServerFolder.PrepareAsync(workspace.State, "rabbitmq", "rabbitmq", progress, ct);
        var pidFile = Path.Combine(folder.Path, "rabbitmq.pid");
        await StaleServer.StopAsync(pidFile, "beam.smp", ct);
        var (port, distribution, mapper) = (Ports.Free(), Ports.Free(), Ports.Free());
        var configuration = await WriteAsync("rabbitmq.conf", $"""
            listeners.tcp.1 = 127.0.0.1:{port}
            default_user = eco2
            default_pass = {secrets.RabbitMq}

            """);
        var plugins = await WriteAsync("enabled_plugins", "[].");
        // Whoever knows it may run code in the server.
        await WriteAsync(".erlang.cookie", secrets.RabbitMq);
        var plan = new ProcessPlan(
            "rabbitmq",
            // The shell becomes the server, and the port mapper dies with its parent.
            folder.Command(
                "sh", "-c", "setpriv --pdeathsig KILL epmd -port \"$ERL_EPMD_PORT\" -address 127.0.0.1 & exec \"$0\"", Tool.RabbitMq.Locate() ?? "rabbitmq-server"),
            "/",
            Path.Combine(workspace.Logs, "rabbitmq.log"),
            new Dictionary<string, string>
            {
                ["HOME"] = folder.Path,
                ["RABBITMQ_NODENAME"] = "eco2@localhost",
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder.Path, "data"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_PID_FILE"] = pidFile,
                ["RABBITMQ_CONFIG_FILE"] = configuration,
                ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = plugins,
                ["RABBITMQ_DIST_PORT"] = $"{distribution}",
                ["ERL_EPMD_PORT"] = $"{mapper}",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
                // Else a script stays between us and the server.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            });
        return (plan, port);

        async Task<string> WriteAsync(string name, string text)
        {
            var file = Path.Combine(folder.Path, name);
            await File.WriteAllTextAsync(file, text, ct);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (folder.User is not null)
            {
                await Shell.RunAsync("chown", [$"{folder.User}:", file], "/", ct);
            }

            return file;
        }
    }

    /// <summary>As the component's metadata wants to be told of it.</summary>
    public static string Url(Secrets secrets, int port) => $"amqp://eco2:{secrets.RabbitMq}@127.0.0.1:{port}";

    /// <summary>Returns when it has read its data and answers.</summary>
    public static Task WaitAsync(int port, TimeProvider clock, CancellationToken ct) =>
        Until.TrueAsync(
            async () =>
            {
                using var client = new TcpClient();
                try
                {
                    await client.ConnectAsync("127.0.0.1", port, ct);
                    await using var stream = client.GetStream();
                    await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), ct);
                    // A method frame: it offers to begin.
                    return stream.ReadByte() == 1;
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    return false;
                }
            },
            "RabbitMQ did not start. Its log: .eco2/logs/rabbitmq.log",
            clock,
            ct);
}
