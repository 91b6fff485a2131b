using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Npgsql;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>Tables that another daprd made: a later one, one that was killed, or the first version of the component.</summary>
public sealed class PostgresStepsTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private string _database = "";

    public async Task InitializeAsync() => _database = await PostgresCluster.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_note_of_a_later_daprd_stays_as_it_is()
    {
        await using (await StartAsync())
        {
        }

        await AskAsync("update dapr_metadata set value = '3' where key = 'migrations-state-v2-'");
        await using var again = await StartAsync();

        Assert.Equal("3", await AskAsync("select value from dapr_metadata where key = 'migrations-state-v2-'"));
    }

    [Fact]
    public async Task What_a_daprd_left_half_done_is_finished()
    {
        await AskAsync("""
            create table dapr_metadata (key text not null primary key, value text not null);
            insert into dapr_metadata values ('lock', 'lock'), ('migrations-state-v2-', '1');
            create table state (key text not null primary key, value bytea not null, etag uuid not null default gen_random_uuid(),
              created_at timestamp with time zone not null default now(), updated_at timestamp with time zone, expires_at timestamp with time zone, row_id bigint);
            insert into state (key, value) values ('one||a', '1'), ('one||b', '2');
            """);

        await using var sidecar = await StartAsync();
        using var content = new StringContent("""[{"key":"c","value":3}]""", System.Text.Encoding.UTF8, "application/json");
        using var saved = await Http.PostAsync(new Uri(sidecar["one"].HttpEndpoint, "/v1.0/state/pg"), content);

        Assert.Equal(System.Net.HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Equal("1 2 3", await AskAsync("select string_agg(row_id::text, ' ' order by key) from state"));
        Assert.Equal("YES NO", await AskAsync("select is_identity || ' ' || is_nullable from information_schema.columns where table_name = 'state' and column_name = 'row_id'"));
    }

    [Theory]
    [InlineData("  version: v1\n", "v1")]
    [InlineData("", "")]
    public async Task The_first_version_said_or_not_is_refused_by_name(string line, string version)
    {
        var resources = SidecarFixture.OnPostgres("pg", _database).Replace("  version: v2\n", line, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(resources, new AppSettings { AppId = "one" }));

        Assert.Contains($"version \"{version}\" is not supported by the embedded sidecar (it knows v2)", refused.Message, StringComparison.Ordinal);
    }

    private Task<SidecarFixture> StartAsync() => SidecarFixture.StartAsync(SidecarFixture.OnPostgres("pg", _database), new AppSettings { AppId = "one" });

    private async Task<string?> AskAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
