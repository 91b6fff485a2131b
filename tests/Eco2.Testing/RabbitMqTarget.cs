using Npgsql;

namespace Eco2.Testing;

/// <summary>components/rabbitmq: a virtual host of the RabbitMQ of this process, which takes seconds to start, and a database of its own for state.</summary>
internal sealed class RabbitMqTarget(RabbitMqServer server, string virtualHost, string database) : TestTarget("rabbitmq")
{
    private readonly NpgsqlConnectionStringBuilder state = new(database);

    public override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["ECO2_RABBITMQ"] = $"{server.Url}/{virtualHost}",
        ["ECO2_STATE_POSTGRES"] = $"host={state.Host} port={state.Port} user={state.Username} dbname={state.Database} sslmode=disable",
    };

    public static async Task<RabbitMqTarget> OnItsOwnAsync()
    {
        var server = await RabbitMqServer.SharedAsync();
        return new RabbitMqTarget(server, await server.CreateVirtualHostAsync(), await PostgresCluster.CreateDatabaseAsync());
    }

    public override async Task<int> TtlAsync(string key)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select coalesce(extract(epoch from expires_at - now())::int, -1) from state where key = $1 and (expires_at is null or expires_at > now())", connection)
        {
            Parameters = { new() { Value = $"jobs||{key}" } },
        };
        return await command.ExecuteScalarAsync() is int seconds ? seconds : -2;
    }

    public override async Task<int> CountAsync(string text)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select count(*)::int from state where position($1 in key) > 0 or position(convert_to($1, 'UTF8') in value) > 0", connection) { Parameters = { new() { Value = text } } };
        return (int)(await command.ExecuteScalarAsync())!;
    }

    public override Task<int?> WritesAsync(string prefix, string key) => Task.FromResult<int?>(null);

    public override Task CutStateAsync() => AllowAsync(false);

    public override Task RestoreStateAsync() => AllowAsync(true);

    public override async ValueTask DisposeAsync() => await server.RemoveVirtualHostAsync(virtualHost);

    private async Task AllowAsync(bool allowed)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Database = "postgres" }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"alter database {state.Database} with allow_connections {allowed}; select pg_terminate_backend(pid) from pg_stat_activity where datname = '{state.Database}' and not {allowed}", connection);
        await command.ExecuteNonQueryAsync();
    }
}
