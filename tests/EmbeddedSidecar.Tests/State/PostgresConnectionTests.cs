using System.Globalization;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Postgres;
using Npgsql;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>Connections: how many, for how long, after a loss, and by which settings.</summary>
public sealed class PostgresConnectionTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private PostgresStore _pg = null!;

    public async Task InitializeAsync() => _pg = await PostgresStore.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("maxConns: 3", 3)]
    [InlineData("maxConns: 1", 16)]
    public async Task So_many_connections_are_opened_and_no_more(string setting, int most)
    {
        await using var sidecar = await _pg.StartAsync(setting);
        Task<string>[] reads;
        await using (var connection = await _pg.OpenAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("lock table state in access exclusive mode", connection, transaction);
            await hold.ExecuteNonQueryAsync();
            reads = [.. Enumerable.Range(0, 24).Select(i => Http.GetStringAsync(sidecar["one"].StateUrl("pg", $"k{i}")))];
            await Eventually.TrueAsync(async () => await OpenAsync("wait_event_type = 'Lock'") == most, "as many wait for the table as may");
        }

        await Task.WhenAll(reads);
        Assert.Equal(most, await OpenAsync("true"));
    }

    [Theory]
    [InlineData("connectionMaxIdleTime: 1s")]
    [InlineData("connectionMaxIdleTime: 1")]
    [InlineData("connectionString: pool_max_conn_idle_time=1s")]
    public async Task A_connection_that_is_idle_for_that_long_is_closed(string setting)
    {
        await using var sidecar = await SidecarFixture.StartAsync(
            setting.StartsWith("connectionString", StringComparison.Ordinal)
                ? _pg.Component().Replace("host=", setting.Split(": ")[1] + " host=", StringComparison.Ordinal)
                : _pg.Component(setting),
            new AppSettings { AppId = "one" });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Http.GetAsync(sidecar["one"].StateUrl("pg", $"k{i}"))));

        await Eventually.TrueAsync(async () => await OpenAsync("true") == 0, "all are closed");
    }

    [Fact]
    public async Task A_server_that_drops_all_connections_is_asked_again()
    {
        await using var sidecar = await _pg.StartAsync();
        await sidecar["one"].SaveAsync("pg", """[{"key":"k","value":1}]""");

        await _pg.AskAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        Assert.Equal("1", await Http.GetStringAsync(sidecar["one"].StateUrl("pg", "k")));
        await Eventually.TrueAsync(
            async () =>
            {
                using var saved = await sidecar["one"].PostAsync("pg", "", """[{"key":"k","value":2}]""");
                return saved.IsSuccessStatusCode;
            },
            "it writes again");

        Assert.Equal("2", await Http.GetStringAsync(sidecar["one"].StateUrl("pg", "k")));
    }

    [Theory]
    [InlineData("tablePrefix: x;drop", "\"tablePrefix\" makes the table name")]
    [InlineData("timeout: 500ms", "\"timeout\" must be 1s or more")]
    [InlineData("queryExecMode: simple_protocol", "queryExecMode \"simple_protocol\" is not supported")]
    [InlineData("useAzureAD: true", "\"useAzureAD\" is not supported")]
    [InlineData("sslCrl: x", "\"sslCrl\" is not supported")]
    [InlineData("port: 1", "cannot be opened: PostgreSQL:")]
    public async Task What_cannot_be_honoured_is_refused_by_name(string setting, string sentence)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => _pg.StartAsync(setting));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host=h port=6 user=u password='a b\\'c' dbname=d sslmode=verify-full", "h 6 u a b'c d VerifyFull")]
    [InlineData("postgres://u:p%40@h:6/d?sslmode=disable&pool_max_conns=3", "h 6 u p@ d Disable")]
    [InlineData("postgresql://u@h/d", "h 5432 u  d Prefer")]
    public void Connection_strings_are_those_of_daprs_driver(string text, string read)
    {
        var connection = PostgresDsn.Read(text);

        Assert.Equal(read, string.Create(CultureInfo.InvariantCulture, $"{connection.Host} {connection.Port} {connection.Username} {connection.Password} {connection.Database} {connection.SslMode}"));
    }

    private async Task<int> OpenAsync(string condition) =>
        int.Parse((await _pg.AskAsync($"select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and {condition}"))!, CultureInfo.InvariantCulture);
}
