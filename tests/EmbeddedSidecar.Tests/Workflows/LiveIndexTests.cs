using EmbeddedSidecar.State;
using EmbeddedSidecar.Workflows;
using Xunit;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class LiveIndexTests
{
    [Fact]
    public async Task An_instance_that_starts_while_the_index_is_read_takes_nobodys_slot()
    {
        await using var store = new InMemoryStateStore(TimeProvider.System);
        using var before = new LiveIndex("app", store);
        await before.ReadAsync(default);
        await before.ReserveAsync("runs", default);
        await store.ApplyAsync(before.Claim("runs"), default);

        using var index = new LiveIndex("app", store);
        var reserved = index.ReserveAsync("starts", default).AsTask();
        Assert.False(reserved.IsCompleted);
        Assert.Equal(["runs"], await index.ReadAsync(default));
        await reserved;

        Assert.NotEqual(before.Claim("runs").Key, index.Claim("starts").Key);
    }

    [Fact]
    public async Task An_adoption_that_was_broken_off_is_made_again_and_one_that_was_done_is_not()
    {
        await using var store = new InMemoryStateStore(TimeProvider.System);
        using var first = new LiveIndex("app", store);
        await first.ReadAsync(default);
        await first.ReserveAsync("found", default);
        await store.ApplyAsync(first.Claim("found"), default);

        using var second = new LiveIndex("app", store);
        Assert.Equal(["found"], await second.ReadAsync(default));
        Assert.True(second.IsIncomplete);
        await second.AdoptedAsync(default);
        using var third = new LiveIndex("app", store);
        await third.ReadAsync(default);

        Assert.False(third.IsIncomplete);
    }

    [Fact]
    public async Task A_freed_slot_is_used_again()
    {
        await using var store = new InMemoryStateStore(TimeProvider.System);
        using var index = new LiveIndex("app", store);
        await index.ReadAsync(default);
        await index.ReserveAsync("a", default);
        var slot = index.Claim("a").Key;

        index.Released("a");
        await index.ReserveAsync("b", default);

        Assert.False(index.Has("a"));
        Assert.Equal(slot, index.Claim("b").Key);
    }
}
