using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.EndToEnd.Tests;

public sealed class PrivateServersTests
{
    [Fact]
    public async Task Every_database_is_new_and_answers()
    {
        var first = await PostgresCluster.CreateDatabaseAsync();
        var second = await PostgresCluster.CreateDatabaseAsync();

        await using var connection = new NpgsqlConnection(second);
        await connection.OpenAsync();
        await using var count = new NpgsqlCommand("select count(*) from pg_tables where schemaname = 'public'", connection);

        Assert.NotEqual(first, second);
        Assert.Equal(0L, await count.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_durable_redis_keeps_its_port_over_a_restart()
    {
        await using var redis = await RedisServer.StartAsync(durable: true);
        var before = redis.Host;

        await redis.RestartAsync();

        Assert.Equal(before, redis.Host);
    }
}
