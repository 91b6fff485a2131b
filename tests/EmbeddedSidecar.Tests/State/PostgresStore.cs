using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Npgsql;

namespace EmbeddedSidecar.Tests.State;

/// <summary>A database of a test's own, which an app "one" has for its state store "pg".</summary>
internal sealed class PostgresStore(string database)
{
    public static async Task<PostgresStore> CreateAsync() => new(await PostgresCluster.CreateDatabaseAsync());

    public string Component(params string[] settings) => SidecarFixture.OnPostgres("pg", database, settings);

    public Task<SidecarFixture> StartAsync(params string[] settings) => SidecarFixture.StartAsync(Component(settings), new AppSettings { AppId = "one" });

    /// <summary>A connection beside those of the sidecars.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>The first value that a statement answers, as text.</summary>
    public async Task<string?> AskAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
