namespace Eco2.Testing;

/// <summary>A private Redis. Dispose it to stop it; with the same folder the next one finds its data.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly bool temporary;
    private ChildServer process;
    private bool stopped;

    private RedisServer(ChildServer process, int port, string folder, bool durable, bool temporary)
    {
        (this.process, Port, Folder, Durable, this.temporary) = (process, port, folder, durable, temporary);
    }

    public int Port { get; }

    public string Folder { get; }

    public bool Durable { get; }

    /// <summary>host:port, as the metadata member redisHost wants it.</summary>
    public string Host => $"127.0.0.1:{Port}";

    /// <param name="durable">Append-only file, synced at every write, as in production.</param>
    /// <param name="folder">Where its data lies; null for a temporary one.</param>
    public static async Task<RedisServer> StartAsync(bool durable = false, string? folder = null)
    {
        var temporary = folder is null;
        var port = ChildServer.FreePort();
        folder ??= Path.Combine(Path.GetTempPath(), $"eco2-redis-{Environment.ProcessId}-{port}");
        var server = new RedisServer(Launch(port, folder, durable), port, folder, durable, temporary);
        await ChildServer.WaitForPortAsync(port);
        return server;
    }

    /// <summary>Kills it and starts it again with its data on the same port.</summary>
    /// <param name="loadDelay">What it takes over each command of its append-only file, in microseconds: until all are read it answers, but only LOADING.</param>
    public async Task RestartAsync(int loadDelay = 0)
    {
        await StopAsync();
        process = Launch(Port, Folder, Durable, loadDelay);
        stopped = false;
        await ChildServer.WaitForPortAsync(Port);
    }

    /// <summary>Kills it; <see cref="RestartAsync"/> brings it back.</summary>
    public async Task StopAsync()
    {
        if (!stopped)
        {
            stopped = true;
            await process.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (temporary)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static ChildServer Launch(int port, string folder, bool durable, int loadDelay = 0) =>
        ChildServer.Start(
            $"redis-server --port {port} --bind 127.0.0.1 --save '' --dir '{folder}' --appendonly {(durable ? "yes --appendfsync always" : "no")} --key-load-delay {loadDelay}",
            folder,
            temporary: false);
}
