using Npgsql;

namespace Eco2.Testing;

/// <summary>One private PostgreSQL per test process, started at first use; every caller gets a database of its own.</summary>
public static class PostgresCluster
{
    private static readonly Lazy<Task<string>> Server = new(StartAsync);
    private static int databases;
    private static ChildServer? running;

    /// <summary>The connection string of a new, empty database, as its owner.</summary>
    public static async Task<string> CreateDatabaseAsync()
    {
        var admin = await Server.Value;
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await using var connection = new NpgsqlConnection(admin);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name} template template0", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(admin) { Database = name }.ConnectionString;
    }

    private static async Task<string> StartAsync()
    {
        var bin = Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            ?? throw new InvalidOperationException("PostgreSQL's server binaries are not installed (package postgresql).");
        var folder = Path.Combine(Path.GetTempPath(), $"eco2-pg-{Environment.ProcessId}");
        // initdb refuses to run as root; the distribution's package brings the user.
        var user = Environment.UserName == "root" ? "postgres" : null;
        var port = ChildServer.FreePort();
        var server = ChildServer.Start(
            $"sh -c '{bin}/initdb -D {folder}/data -U owner -A trust --no-sync --no-instructions -E UTF8 --locale=C.UTF-8 && "
            + $"exec {bin}/postgres -D {folder}/data -p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off "
            + "-c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB'",
            folder,
            temporary: true,
            user,
            stopSignal: "QUIT");
        // Held until the end of this process, which closes its pipe, and that ends the server.
        running = server;
        var connectionString = $"Host=127.0.0.1;Port={port};Username=owner;Database=postgres;Pooling=true;Maximum Pool Size=20";
        await ChildServer.WaitForPortAsync(port);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await using var connection = new NpgsqlConnection(connectionString);
                    await connection.OpenAsync();
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            "PostgreSQL answers");
        return connectionString;
    }
}
