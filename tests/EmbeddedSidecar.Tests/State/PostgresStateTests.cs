using System.Net;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.State;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>What state.postgresql promises of transactions, ETags and keys.</summary>
public sealed class PostgresStateTests : IAsyncLifetime
{
    private PostgresStore _pg = null!;

    public async Task InitializeAsync() => _pg = await PostgresStore.CreateAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_transaction_is_all_or_nothing_and_tells_its_first_etag()
    {
        await using var sidecar = await _pg.StartAsync();
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
        await using var sidecar = await _pg.StartAsync();
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
        await using var sidecar = await _pg.StartAsync();

        using var odd = await sidecar["one"].PostAsync("pg", "", """[{"key":"x","value":1,"etag":"7"}]""");
        using var absent = await sidecar["one"].PostAsync("pg", "", $$"""[{"key":"x","value":1,"etag":"{{Guid.CreateVersion7()}}"}]""");

        Assert.Equal(HttpStatusCode.Conflict, odd.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, absent.StatusCode);
    }

    [Fact]
    public async Task Keys_are_found_by_prefix_and_suffix_taken_literally()
    {
        await using var sidecar = await _pg.StartAsync();
        var store = Store(sidecar);
        await store.TransactAsync([.. Enumerable.Range(0, 1100).Select(i => Upsert($"p%_{i}||end", i)), Upsert("pxx1||end", 1), Upsert("p%_1||other", 1)], allOrNothing: true, default);

        var keys = await store.KeysAsync("p%_", "||end", default).ToListAsync();

        Assert.Equal(1100, keys.Distinct().Count());
        Assert.Equal(1100, keys.Count);
    }

    private static StateOperation Upsert(string key, int value, string? etag = null) => StateOperation.Upsert(key, Encoding.UTF8.GetBytes($"{value}"), etag);

    private static IStateStore Store(SidecarFixture sidecar) => sidecar["one"].Embedded.Instance.StateStores["pg"].Store;
}
