using Eco2.Cli.Machine;
using Npgsql;

namespace Eco2.Cli.Up;

/// <summary>A PostgreSQL of our own on a free loopback port, with the server's durable defaults (fsync on).</summary>
internal static class PrivatePostgres
{
    private const string State = "eco2_state";

    /// <summary>Creates the cluster at first use and says how to run it and how to reach its database.</summary>
    public static async Task<(ProcessPlan Plan, string ConnectionString)> PrepareAsync(Workspace workspace, Secrets secrets, Progress progress, CancellationToken ct)
    {
        var bin = Tool.PostgresBin() ?? throw new UserMessageException("PostgreSQL's programs initdb and postgres were not found.");
        var folder = await ServerFolder.PrepareAsync(workspace.State, "postgres", "postgres", progress, ct);
        var data = Path.Combine(folder.Path, "data");
        if (!Directory.Exists(data))
        {
            await CreateClusterAsync(bin, folder, data, secrets.Postgres, ct);
        }

        await StaleServer.StopAsync(Path.Combine(data, "postmaster.pid"), "postgres", ct);
        var port = Ports.Free();
        var plan = new ProcessPlan(
            "postgres",
            folder.Command(
                Path.Combine(bin, "postgres"), "-D", data, "-p", $"{port}",
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=64MB"),
            "/",
            Path.Combine(workspace.Logs, "postgres.log"),
            new Dictionary<string, string>(),
            StopSignal: 2);
        var connectionString = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "eco2",
            Password = secrets.Postgres,
            Database = "eco2",
        }.ConnectionString;
        return (plan, connectionString);
    }

    /// <summary>The same database by the login of one app, which the app's migrations make.</summary>
    public static string Login(string connectionString, string appId, string password) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = "eco2_" + appId.Replace('-', '_'), Password = password }.ConnectionString;

    /// <summary>The database for the sidecar's state, as Dapr's driver wants to be told of it.</summary>
    public static string StateDatabase(string connectionString)
    {
        var server = new NpgsqlConnectionStringBuilder(connectionString);
        return $"host={server.Host} port={server.Port} user={server.Username} password={server.Password} dbname={State} sslmode=disable";
    }

    /// <summary>Waits until it answers and makes sure that the databases are there.</summary>
    public static async Task WaitAsync(string connectionString, bool withState, TimeProvider clock, CancellationToken ct)
    {
        var administration = new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false }.ConnectionString;
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await using var connection = new NpgsqlConnection(administration);
                    await connection.OpenAsync(ct);
                    foreach (var database in withState ? ["eco2", State] : (string[])["eco2"])
                    {
                        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = database } } };
                        if (await exists.ExecuteScalarAsync(ct) is null)
                        {
                            await using var create = new NpgsqlCommand($"create database {database}", connection);
                            await create.ExecuteNonQueryAsync(ct);
                        }
                    }

                    return true;
                }
                catch (NpgsqlException broken) when (broken is not PostgresException { IsTransient: false })
                {
                    return false;
                }
            },
            "PostgreSQL did not start. Its log: .eco2/logs/postgres.log",
            clock,
            ct);
    }

    private static async Task CreateClusterAsync(string bin, ServerFolder folder, string data, string password, CancellationToken ct)
    {
        // Made aside and renamed, so that an interrupted first start leaves nothing that looks like a cluster.
        var draft = data + ".new";
        var passwordFile = Path.Combine(folder.Path, "password");
        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        await File.WriteAllTextAsync(passwordFile, password, ct);
        if (folder.User is not null)
        {
            await Shell.RunAsync("chown", [$"{folder.User}:", passwordFile], "/", ct);
        }

        var initdb = folder.Command(
            Path.Combine(bin, "initdb"), "-D", draft, "-U", "eco2", "-A", "scram-sha-256", "--pwfile", passwordFile,
            "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions");
        var (exit, output) = await Shell.RunAsync(initdb[0], initdb[1..], "/", ct);
        File.Delete(passwordFile);
        if (exit != 0)
        {
            throw new UserMessageException($"initdb could not create the database cluster: {output.Trim().Split('\n').Last()}");
        }

        Directory.Move(draft, data);
    }
}
