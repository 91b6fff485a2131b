using System.Globalization;
using System.Net;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Postgres;
using EmbeddedSidecar.State;
using Npgsql;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

public sealed class PostgresStateTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private string _database = "";

    public async Task InitializeAsync() => _database = await PostgresCluster.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_tables_are_those_of_daprd_and_so_are_the_notes_about_them()
    {
        await using var sidecar = await StartAsync();
        await SaveAsync(sidecar, """[{"key":"k","value":{"a":1},"metadata":{"ttlInSeconds":"100"}}]""");

        Assert.Equal(
            "key text NO -, value bytea NO -, etag uuid NO gen_random_uuid(), created_at timestamp with time zone NO now(), "
            + "updated_at timestamp with time zone YES -, expires_at timestamp with time zone YES -, row_id bigint NO identity",
            await AskAsync("""
                select string_agg(concat(column_name, ' ', data_type, ' ', is_nullable, ' ', case when is_identity = 'YES' then 'identity' else coalesce(column_default, '-') end), ', ' order by ordinal_position)
                from information_schema.columns where table_name = 'state'
                """));
        Assert.Equal("lock=lock migrations-state-v2-=2", await AskAsync("select string_agg(key || '=' || value, ' ' order by key) from dapr_metadata"));
        Assert.Equal("state_pkey:true state_row_id_uidx:true", await AskAsync("select string_agg(indexname || ':' || (indexdef like '%UNIQUE%'), ' ' order by indexname) from pg_indexes where tablename = 'state' and indexdef like '%UNIQUE%'"));
        Assert.Equal("""{"a":1}""", await AskAsync("select convert_from(value, 'UTF8') from state where key = 'one||k' and updated_at is null and expires_at > now() + interval '90 s'"));
    }

    [Fact]
    public async Task What_daprd_made_and_wrote_is_taken_as_it_is()
    {
        // The second step of daprd's is not done yet.
        await AskAsync("""
            create table dapr_metadata (key text not null primary key, value text not null);
            insert into dapr_metadata values ('lock', 'lock'), ('migrations-state-v2-', '1');
            create table state (key text not null primary key, value bytea not null, etag uuid not null default gen_random_uuid(),
              created_at timestamp with time zone not null default now(), updated_at timestamp with time zone, expires_at timestamp with time zone);
            insert into state (key, value, expires_at) values ('one||old', '"theirs"', null), ('one||past', '1', now() - interval '1 s');
            """);

        await using var sidecar = await StartAsync();

        Assert.Equal("\"theirs\"", await Http.GetStringAsync(Url(sidecar, "old")));
        using var past = await Http.GetAsync(Url(sidecar, "past"));
        Assert.Equal(HttpStatusCode.NoContent, past.StatusCode);
        Assert.Equal("2", await AskAsync("select value from dapr_metadata where key = 'migrations-state-v2-'"));
        Assert.Equal("2", await AskAsync("select count(distinct row_id)::text from state"));
    }

    [Fact]
    public async Task A_transaction_is_all_or_nothing_and_tells_its_first_etag()
    {
        await using var sidecar = await StartAsync();
        var store = Store(sidecar);
        var first = await store.TransactAsync([Upsert("a", 1), Upsert("b", 1)], allOrNothing: true, default);

        var refused = await Assert.ThrowsAsync<StateConflictException>(
            async () => await store.TransactAsync([Upsert("b", 2), Upsert("c", 2), Upsert("a", 2, $"{Guid.CreateVersion7()}")], allOrNothing: true, default));
        var second = await store.TransactAsync([Upsert("a", 3, first), Upsert("a", 4), StateOperation.Delete("b"), Upsert("b", 5)], allOrNothing: true, default);

        Assert.Equal(ConflictKind.ETagMismatch, refused.Kind);
        Assert.Null(await store.GetAsync("c", default));
        Assert.Equal(["4", "5"], (await store.BulkGetAsync(["a", "b"], default)).Select(value => Encoding.UTF8.GetString(value!.Data)));
        Assert.NotEqual(first, second);
        Assert.Null(await store.TransactAsync([StateOperation.Delete("a"), Upsert("b", 6)], allOrNothing: true, default));
    }

    [Fact]
    public async Task Of_many_transactions_at_once_each_hears_its_own_verdict()
    {
        await using var sidecar = await StartAsync();
        var store = Store(sidecar);
        var etag = await store.TransactAsync([Upsert("shared", 0), Upsert("other", 0)], allOrNothing: true, default);

        // Every tenth wants the same version of the same key; one of them gets it.
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            try
            {
                await store.TransactAsync(i % 10 == 0 ? [Upsert("shared", i, etag), Upsert($"k{i}", i)] : [Upsert($"k{i}", i), Upsert($"l{i}", i)], allOrNothing: true, default);
                return true;
            }
            catch (StateConflictException)
            {
                return false;
            }
        }));

        var stored = await store.BulkGetAsync([.. Enumerable.Range(0, 200).Select(i => $"k{i}")], default);
        Assert.Equal(verdicts, stored.Select(value => value is not null));
        Assert.Equal(181, verdicts.Count(done => done));
    }

    [Fact]
    public async Task An_etag_that_is_none_or_of_an_absent_key_is_409()
    {
        await using var sidecar = await StartAsync();

        using var odd = await PostAsync(sidecar, """[{"key":"x","value":1,"etag":"7"}]""");
        using var absent = await PostAsync(sidecar, $$"""[{"key":"x","value":1,"etag":"{{Guid.CreateVersion7()}}"}]""");

        Assert.Equal(HttpStatusCode.Conflict, odd.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, absent.StatusCode);
    }

    [Fact]
    public async Task What_expired_is_absent_may_be_written_first_again_and_is_removed_at_the_next_cleanup()
    {
        await using var sidecar = await StartAsync("cleanupInterval: 1s");
        await SaveAsync(sidecar, """[{"key":"brief","value":1,"metadata":{"ttlInSeconds":"1"}},{"key":"gone","value":1,"metadata":{"ttlInSeconds":"1"}}]""");
        using (var found = await Http.GetAsync(Url(sidecar, "brief")))
        {
            Assert.NotEmpty(found.Headers.NonValidated["metadata.ttlExpireTime"].ToString());
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var again = await PostAsync(sidecar, """[{"key":"brief","value":2,"options":{"concurrency":"first-write"}}]""");
                return again.StatusCode == HttpStatusCode.NoContent;
            },
            "the key is free again");
        await Eventually.TrueAsync(async () => await AskAsync("select string_agg(key, ' ') from state") == "one||brief", "the other row is removed");
        Assert.Equal("1", await AskAsync("select count(*)::text from dapr_metadata where key = 'last-cleanup-state-v2-'"));
    }

    [Fact]
    public async Task Of_all_sidecars_on_a_table_one_cleans_up_in_each_interval()
    {
        await using var first = await StartAsync("cleanupInterval: 1s");
        await AskAsync("""
            create table claims (at timestamptz);
            create table cleanings (at timestamptz);
            create function claimed() returns trigger language plpgsql as $$ begin insert into claims values (new.value::timestamptz); return null; end $$;
            create function cleaned() returns trigger language plpgsql as $$ begin insert into cleanings values (now()); return null; end $$;
            create trigger claimed after insert or update on dapr_metadata for each row when (new.key = 'last-cleanup-state-v2-') execute function claimed();
            create trigger cleaned after delete on state for each statement execute function cleaned();
            """);
        await using var second = await StartAsync("cleanupInterval: 1s");
        await using var third = await StartAsync("cleanupInterval: 1s");

        await Eventually.TrueAsync(async () => await AskAsync("select count(*) >= 4 from claims") == "True", "four intervals");

        Assert.Equal("True", await AskAsync("select min(pause) > interval '900 ms' from (select at - lag(at) over (order by at) as pause from claims) as pauses"));
        Assert.Equal("True", await AskAsync("select (select count(*) from cleanings) <= (select count(*) from claims)"));
    }

    [Theory]
    [InlineData("maxConns: 3", 3)]
    [InlineData("maxConns: 1", 16)]
    public async Task So_many_connections_are_opened_and_no_more(string setting, int most)
    {
        await using var sidecar = await StartAsync(setting);
        Task<string>[] reads;
        await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database) { Pooling = false }.ConnectionString))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("lock table state in access exclusive mode", connection, transaction);
            await hold.ExecuteNonQueryAsync();
            reads = [.. Enumerable.Range(0, 24).Select(i => Http.GetStringAsync(Url(sidecar, $"k{i}")))];
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
                ? SidecarFixture.OnPostgres("pg", _database).Replace("host=", setting.Split(": ")[1] + " host=", StringComparison.Ordinal)
                : SidecarFixture.OnPostgres("pg", _database, setting),
            new AppSettings { AppId = "one" });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Http.GetAsync(Url(sidecar, $"k{i}"))));

        await Eventually.TrueAsync(async () => await OpenAsync("true") == 0, "all are closed");
    }

    [Fact]
    public async Task Keys_are_found_by_prefix_and_suffix_taken_literally()
    {
        await using var sidecar = await StartAsync();
        var store = Store(sidecar);
        await store.TransactAsync([.. Enumerable.Range(0, 1100).Select(i => Upsert($"p%_{i}||end", i)), Upsert("pxx1||end", 1), Upsert("p%_1||other", 1)], allOrNothing: true, default);

        var keys = await store.KeysAsync("p%_", "||end", default).ToListAsync();

        Assert.Equal(1100, keys.Distinct().Count());
        Assert.Equal(1100, keys.Count);
    }

    [Fact]
    public async Task A_server_that_drops_all_connections_is_asked_again()
    {
        await using var sidecar = await StartAsync();
        await SaveAsync(sidecar, """[{"key":"k","value":1}]""");

        await AskAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        Assert.Equal("1", await Http.GetStringAsync(Url(sidecar, "k")));
        await Eventually.TrueAsync(
            async () =>
            {
                using var saved = await PostAsync(sidecar, """[{"key":"k","value":2}]""");
                return saved.IsSuccessStatusCode;
            },
            "it writes again");

        Assert.Equal("2", await Http.GetStringAsync(Url(sidecar, "k")));
    }

    [Fact]
    public async Task A_prefix_may_name_a_schema_and_the_metadata_table_may_be_elsewhere()
    {
        await AskAsync("create schema apart");
        await using var sidecar = await StartAsync("tablePrefix: apart.my_", "metadataTableName: apart.notes");
        await SaveAsync(sidecar, """[{"key":"k","value":1}]""");

        Assert.Equal("1", await AskAsync("select count(*)::text from apart.my_state"));
        Assert.Equal("2", await AskAsync("select value from apart.notes where key = 'migrations-state-v2-apart.my_'"));
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
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(setting));

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

    private static StateOperation Upsert(string key, int value, string? etag = null) => StateOperation.Upsert(key, Encoding.UTF8.GetBytes($"{value}"), etag);

    private Task<SidecarFixture> StartAsync(params string[] settings) =>
        SidecarFixture.StartAsync(SidecarFixture.OnPostgres("pg", _database, settings), new AppSettings { AppId = "one" });

    private static IStateStore Store(SidecarFixture sidecar) => sidecar["one"].Instance.StateStores["pg"].Store;

    private static Uri Url(SidecarFixture sidecar, string key) => new(sidecar["one"].HttpEndpoint, $"/v1.0/state/pg/{key}");

    private static async Task<HttpResponseMessage> PostAsync(SidecarFixture sidecar, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await Http.PostAsync(new Uri(sidecar["one"].HttpEndpoint, "/v1.0/state/pg"), content);
    }

    private static async Task SaveAsync(SidecarFixture sidecar, string json)
    {
        using var saved = await PostAsync(sidecar, json);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
    }

    private async Task<int> OpenAsync(string condition) =>
        int.Parse((await AskAsync($"select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and {condition}"))!, CultureInfo.InvariantCulture);

    private async Task<string?> AskAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
