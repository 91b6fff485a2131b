using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>Tables that another daprd made: a later one, one that was killed, or the first version of the component.</summary>
public sealed class PostgresStepsTests : IAsyncLifetime
{
    private PostgresStore _pg = null!;

    public async Task InitializeAsync() => _pg = await PostgresStore.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_note_of_a_later_daprd_stays_as_it_is()
    {
        await using (await _pg.StartAsync())
        {
        }

        await _pg.AskAsync("update dapr_metadata set value = '3' where key = 'migrations-state-v2-'");
        await using var again = await _pg.StartAsync();

        Assert.Equal("3", await _pg.AskAsync("select value from dapr_metadata where key = 'migrations-state-v2-'"));
    }

    [Fact]
    public async Task What_a_daprd_left_half_done_is_finished()
    {
        await _pg.AskAsync("""
            create table dapr_metadata (key text not null primary key, value text not null);
            insert into dapr_metadata values ('lock', 'lock'), ('migrations-state-v2-', '1');
            create table state (key text not null primary key, value bytea not null, etag uuid not null default gen_random_uuid(),
              created_at timestamp with time zone not null default now(), updated_at timestamp with time zone, expires_at timestamp with time zone, row_id bigint);
            insert into state (key, value) values ('one||a', '1'), ('one||b', '2');
            """);

        await using var sidecar = await _pg.StartAsync();
        await sidecar["one"].SaveAsync("pg", """[{"key":"c","value":3}]""");

        Assert.Equal("1 2 3", await _pg.AskAsync("select string_agg(row_id::text, ' ' order by key) from state"));
        Assert.Equal("YES NO", await _pg.AskAsync("select is_identity || ' ' || is_nullable from information_schema.columns where table_name = 'state' and column_name = 'row_id'"));
    }

    [Theory]
    [InlineData("  version: v1\n", "v1")]
    [InlineData("", "")]
    public async Task The_first_version_said_or_not_is_refused_by_name(string line, string version)
    {
        var resources = _pg.Component().Replace("  version: v2\n", line, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(resources, new AppSettings { AppId = "one" }));

        Assert.Contains($"version \"{version}\" is not supported by the embedded sidecar (it knows v2)", refused.Message, StringComparison.Ordinal);
    }
}
