using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Eco2.EndToEnd.Tests;

/// <summary>Hears every command that anybody sends to the Redis of a run: messages, state, histories and reminders, also what is gone a moment later.</summary>
internal sealed class RedisMonitor : IAsyncDisposable
{
    private readonly TcpClient connection = new();
    private readonly List<string> commands = [];
    private Task reading = Task.CompletedTask;

    /// <summary>What was heard so far. A character that is not ASCII stands there as \x...</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (commands)
            {
                return [.. commands];
            }
        }
    }

    public static async Task<RedisMonitor> StartAsync(EcoSystem system)
    {
        var monitor = new RedisMonitor();
        var secrets = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(system.State, "secrets.json")));
        var endpoint = IPEndPoint.Parse(system.Redis);
        await monitor.connection.ConnectAsync(endpoint);
        var stream = monitor.connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {secrets.GetProperty("Redis").GetString()}\r\nMONITOR\r\n"));
        var lines = new StreamReader(stream, Encoding.Latin1);
        if (await lines.ReadLineAsync() is not "+OK" || await lines.ReadLineAsync() is not "+OK")
        {
            throw new InvalidOperationException("Redis lets nobody listen.");
        }

        monitor.reading = monitor.ReadAsync(lines);
        return monitor;
    }

    public async ValueTask DisposeAsync()
    {
        connection.Dispose();
        await reading;
    }

    private async Task ReadAsync(StreamReader lines)
    {
        try
        {
            while (await lines.ReadLineAsync() is { } line)
            {
                lock (commands)
                {
                    commands.Add(line);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }
}
