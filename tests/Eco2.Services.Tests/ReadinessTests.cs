using System.Net;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>What <c>/readyz</c> says of the database. Nobody is the sidecar here, so the answer as a whole is always 503.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private string postgres = null!;
    private ServiceHost host = null!;

    public async Task InitializeAsync()
    {
        postgres = await PostgresCluster.CreateDatabaseAsync();
        host = await ServiceHost.StartAsync(Eco2.My.Program.Build, postgres, options: "Eco2:MaxPoolSize=1");
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_busy_pool_does_not_make_the_database_unavailable()
    {
        await using var busy = await host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();

        Assert.Equal(("ok", "unavailable"), await ReadyAsync());
    }

    [Fact]
    public async Task A_database_that_lets_nobody_in_is_unavailable_until_it_does_and_the_app_lives_on()
    {
        Assert.Equal(("ok", "unavailable"), await ReadyAsync());

        var name = new NpgsqlConnectionStringBuilder(postgres).Database!;
        await using var admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Database = "postgres" });
        await ExecuteAsync(admin, $"alter database {name} allow_connections false");
        await ExecuteAsync(admin, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        Assert.Equal(("unavailable", "unavailable"), await ReadyAsync());
        using var live = await host.Client.GetAsync(new Uri("/healthz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);

        await ExecuteAsync(admin, $"alter database {name} allow_connections true");
        await Eventually.TrueAsync(async () => (await ReadyAsync()).Database == "ok", "the database is there again");
    }

    private static async Task ExecuteAsync(NpgsqlDataSource admin, string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<(string? Database, string? Sidecar)> ReadyAsync()
    {
        using var answer = await host.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        var checks = (await answer.JsonAsync()).GetProperty("checks");
        return (checks.GetProperty("database").GetString(), checks.GetProperty("sidecar").GetString());
    }
}
