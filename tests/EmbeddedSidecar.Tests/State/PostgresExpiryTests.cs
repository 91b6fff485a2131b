using System.Net;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>What becomes of values whose time is over.</summary>
public sealed class PostgresExpiryTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private PostgresStore _pg = null!;

    public async Task InitializeAsync() => _pg = await PostgresStore.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task What_expired_is_absent_may_be_written_first_again_and_is_removed_at_the_next_cleanup()
    {
        await using var sidecar = await _pg.StartAsync("cleanupInterval: 1s");
        await sidecar["one"].SaveAsync("pg", """[{"key":"brief","value":1,"metadata":{"ttlInSeconds":"1"}},{"key":"gone","value":1,"metadata":{"ttlInSeconds":"1"}}]""");
        using (var found = await Http.GetAsync(sidecar["one"].StateUrl("pg", "brief")))
        {
            Assert.NotEmpty(found.Headers.NonValidated["metadata.ttlExpireTime"].ToString());
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var again = await sidecar["one"].PostAsync("pg", "", """[{"key":"brief","value":2,"options":{"concurrency":"first-write"}}]""");
                return again.StatusCode == HttpStatusCode.NoContent;
            },
            "the key is free again");
        await Eventually.TrueAsync(async () => await _pg.AskAsync("select string_agg(key, ' ') from state") == "one||brief", "the other row is removed");
        Assert.Equal("1", await _pg.AskAsync("select count(*)::text from dapr_metadata where key = 'last-cleanup-state-v2-'"));
    }

    [Fact]
    public async Task Of_all_sidecars_on_a_table_one_cleans_up_in_each_interval()
    {
        await using var first = await _pg.StartAsync("cleanupInterval: 1s");
        await _pg.AskAsync("""
            create table claims (at timestamptz);
            create table cleanings (at timestamptz);
            create function claimed() returns trigger language plpgsql as $$ begin insert into claims values (new.value::timestamptz); return null; end $$;
            create function cleaned() returns trigger language plpgsql as $$ begin insert into cleanings values (now()); return null; end $$;
            create trigger claimed after insert or update on dapr_metadata for each row when (new.key = 'last-cleanup-state-v2-') execute function claimed();
            create trigger cleaned after delete on state for each statement execute function cleaned();
            """);
        await using var second = await _pg.StartAsync("cleanupInterval: 1s");
        await using var third = await _pg.StartAsync("cleanupInterval: 1s");

        await Eventually.TrueAsync(async () => await _pg.AskAsync("select count(*) >= 4 from claims") == "True", "four intervals");

        Assert.Equal("True", await _pg.AskAsync("select min(pause) > interval '900 ms' from (select at - lag(at) over (order by at) as pause from claims) as pauses"));
        Assert.Equal("True", await _pg.AskAsync("select (select count(*) from cleanings) <= (select count(*) from claims)"));
    }
}
