namespace Eco2.Testing;

/// <summary>A private Redis. Dispose it to stop it; with the same folder the next one finds its data.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly bool temporary;
    private ChildServer process;
    private bool stopped;

    private readonly TestCertificates? certificates;

    private RedisServer(ChildServer process, int port, string folder, bool durable, bool temporary, TestCertificates? certificates)
    {
        (this.process, Port, Folder, Durable, this.temporary, this.certificates) = (process, port, folder, durable, temporary, certificates);
    }

    public int Port { get; }

    public string Folder { get; }

    public bool Durable { get; }

    /// <summary>host:port, as the metadata member redisHost wants it.</summary>
    public string Host => $"127.0.0.1:{Port}";

    /// <param name="durable">Append-only file, synced at every write, as in production.</param>
    /// <param name="folder">Where its data lies; null for a temporary one.</param>
    /// <param name="certificates">It speaks TLS only, with the server's certificate, and to clients alone that have one of the same authority.</param>
    public static async Task<RedisServer> StartAsync(bool durable = false, string? folder = null, TestCertificates? certificates = null)
    {
        var temporary = folder is null;
        var port = ChildServer.FreePort();
        folder ??= Path.Combine(Path.GetTempPath(), $"eco2-redis-{Environment.ProcessId}-{port}");
        var server = new RedisServer(Launch(port, folder, durable, certificates), port, folder, durable, temporary, certificates);
        await ChildServer.WaitForPortAsync(port);
        return server;
    }

    /// <summary>Kills it and starts it again with its data on the same port.</summary>
    /// <param name="loadDelay">What it takes over each command of its append-only file, in microseconds: until all are read it answers, but only LOADING.</param>
    public async Task RestartAsync(int loadDelay = 0)
    {
        await StopAsync();
        process = Launch(Port, Folder, Durable, certificates, loadDelay);
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

    private static ChildServer Launch(int port, string folder, bool durable, TestCertificates? certificates, int loadDelay = 0) =>
        ChildServer.Start(
            $"redis-server {Listening(port, certificates)} --bind 127.0.0.1 --save '' --dir '{folder}' --appendonly {(durable ? "yes --appendfsync always" : "no")} --key-load-delay {loadDelay}",
            folder,
            temporary: false);

    private static string Listening(int port, TestCertificates? certificates) => certificates is null
        ? $"--port {port}"
        : $"--port 0 --tls-port {port} --tls-ca-cert-file {certificates.CaFile} --tls-cert-file {certificates.Folder}/server.pem --tls-key-file {certificates.Folder}/server-key.pem --tls-auth-clients yes";
}
