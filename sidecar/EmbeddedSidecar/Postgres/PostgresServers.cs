using System.Net.Sockets;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.State.Postgres;
using Npgsql;

namespace EmbeddedSidecar.Postgres;

/// <summary>The connections of one sidecar process to PostgreSQL: components that name the same database and user share a pool.</summary>
internal sealed class PostgresServers : IAsyncDisposable
{
    private readonly Dictionary<string, NpgsqlDataSource> _databases = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Database, string Table), PostgresWriter> _writers = [];
    private readonly Lock _gate = new();

    public NpgsqlDataSource Database(string connectionString)
    {
        lock (_gate)
        {
            return _databases.TryGetValue(connectionString, out var known) ? known : _databases[connectionString] = NpgsqlDataSource.Create(connectionString);
        }
    }

    /// <summary>Sharing it is what lets writes of many apps fall into one transaction and one sync to disk.</summary>
    public PostgresWriter Writer(string connectionString, string table, TimeProvider clock)
    {
        var database = Database(connectionString);
        lock (_gate)
        {
            return _writers.TryGetValue((connectionString, table), out var known)
                ? known
                : _writers[(connectionString, table)] = new PostgresWriter(database, new PostgresSql(table), clock);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
        {
            await writer.DisposeAsync();
        }

        foreach (var pool in _databases.Values)
        {
            await pool.DisposeAsync();
        }
    }

    /// <summary>What the driver throws when the server is away or says no; everything else is a bug and rises.</summary>
    public static bool IsFailure(Exception failure) => failure is NpgsqlException or SocketException or TimeoutException or IOException;

    /// <summary>The server said nothing: the connection is of no use, and those of the pool may be no better.</summary>
    public static bool IsAway(Exception failure) => IsFailure(failure) && failure is not PostgresException || failure is PostgresException { SqlState: ['5', '7', 'P', ..] };

    public static BackendException Failed(Exception failure) =>
        new($"PostgreSQL: {(failure is PostgresException refused ? refused.MessageText : (failure.InnerException ?? failure).Message)}", failure);
}
