using System.Net;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>The tables of state.postgresql, made here or by daprd.</summary>
public sealed class PostgresTablesTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private PostgresStore _pg = null!;

    public async Task InitializeAsync() => _pg = await PostgresStore.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_tables_are_those_of_daprd_and_so_are_the_notes_about_them()
    {
        await using var sidecar = await _pg.StartAsync();
        await sidecar["one"].SaveAsync("pg", """[{"key":"k","value":{"a":1},"metadata":{"ttlInSeconds":"100"}}]""");

        Assert.Equal(
            "key text NO -, value bytea NO -, etag uuid NO gen_random_uuid(), created_at timestamp with time zone NO now(), "
            + "updated_at timestamp with time zone YES -, expires_at timestamp with time zone YES -, row_id bigint NO identity",
            await _pg.AskAsync("""
                select string_agg(concat(column_name, ' ', data_type, ' ', is_nullable, ' ', case when is_identity = 'YES' then 'identity' else coalesce(column_default, '-') end), ', ' order by ordinal_position)
                from information_schema.columns where table_name = 'state'
                """));
        Assert.Equal("lock=lock migrations-state-v2-=2", await _pg.AskAsync("select string_agg(key || '=' || value, ' ' order by key) from dapr_metadata"));
        Assert.Equal("state_pkey:true state_row_id_uidx:true", await _pg.AskAsync("select string_agg(indexname || ':' || (indexdef like '%UNIQUE%'), ' ' order by indexname) from pg_indexes where tablename = 'state' and indexdef like '%UNIQUE%'"));
        Assert.Equal("""{"a":1}""", await _pg.AskAsync("select convert_from(value, 'UTF8') from state where key = 'one||k' and updated_at is null and expires_at > now() + interval '90 s'"));
    }

    [Fact]
    public async Task What_daprd_made_and_wrote_is_taken_as_it_is()
    {
        // The second step of daprd's is not done yet.
        await _pg.AskAsync("""
            create table dapr_metadata (key text not null primary key, value text not null);
            insert into dapr_metadata values ('lock', 'lock'), ('migrations-state-v2-', '1');
            create table state (key text not null primary key, value bytea not null, etag uuid not null default gen_random_uuid(),
              created_at timestamp with time zone not null default now(), updated_at timestamp with time zone, expires_at timestamp with time zone);
            insert into state (key, value, expires_at) values ('one||old', '"theirs"', null), ('one||past', '1', now() - interval '1 s');
            """);

        await using var sidecar = await _pg.StartAsync();

        Assert.Equal("\"theirs\"", await Http.GetStringAsync(sidecar["one"].StateUrl("pg", "old")));
        using var past = await Http.GetAsync(sidecar["one"].StateUrl("pg", "past"));
        Assert.Equal(HttpStatusCode.NoContent, past.StatusCode);
        Assert.Equal("2", await _pg.AskAsync("select value from dapr_metadata where key = 'migrations-state-v2-'"));
        Assert.Equal("2", await _pg.AskAsync("select count(distinct row_id)::text from state"));
    }

    [Fact]
    public async Task A_prefix_may_name_a_schema_and_the_metadata_table_may_be_elsewhere()
    {
        await _pg.AskAsync("create schema apart");
        await using var sidecar = await _pg.StartAsync("tablePrefix: apart.my_", "metadataTableName: apart.notes");
        await sidecar["one"].SaveAsync("pg", """[{"key":"k","value":1}]""");

        Assert.Equal("1", await _pg.AskAsync("select count(*)::text from apart.my_state"));
        Assert.Equal("2", await _pg.AskAsync("select value from apart.notes where key = 'migrations-state-v2-apart.my_'"));
    }
}
