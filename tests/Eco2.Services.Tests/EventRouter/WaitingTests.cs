using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

/// <summary>A router that dies while a batch waits for one that never comes.</summary>
public sealed class WaitingTests : IAsyncLifetime
{
    private readonly LineFixture line = new();

    public Task InitializeAsync() => line.InitializeAsync();

    public Task DisposeAsync() => line.DisposeAsync();

    [Fact]
    public async Task What_waits_when_a_router_dies_is_accepted_by_the_next_though_nothing_else_comes()
    {
        var first = await line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null, "EventRouter:Patience=00:00:05");
        var job = await line.AcceptAsync();
        var early = job.Batch(job.IdOf("vision", "started"), job.Event("vision", "completed", 25, TimeProvider.System.GetUtcNow()));
        await line.PublishAsync(early);
        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Early is { Count: 1 }, "the batch waits");
        await line.StopAsync(first);
        Assert.Single((await line.ReadAsync(job))!.Events);

        await line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null, "EventRouter:Patience=00:00:05");

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job)) is { Stage: "vision", Early: null }, "the batch is accepted", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Many_jobs_that_wait_hold_up_nobody()
    {
        await line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build);
        var now = TimeProvider.System.GetUtcNow();

        // More than the sidecar lets wait for a new try at once.
        var waiting = await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => line.AcceptAsync()));
        await Task.WhenAll(waiting.Select(job => line.PublishAsync(job.Batch(job.IdOf("vision", "started"), job.Event("vision", "completed", 25, now)))));
        await Eventually.TrueAsync(
            async () => (await Task.WhenAll(waiting.Select(line.ReadAsync))).All(job => job!.Early is { Count: 1 }), "all wait", TimeSpan.FromSeconds(10));

        // One after another, since it takes a moment until the messages about those who wait have come.
        for (var n = 0; n < 20; n++)
        {
            var job = await line.AcceptAsync();
            await line.PublishAsync(job.Batch(job.IdOf("queued", "started"), job.Event("vision", "started", 5, now)));
            await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Events.Count == 2, "the other job goes on", TimeSpan.FromSeconds(5));
        }

        await Task.WhenAll(waiting.Select(job => line.PublishAsync(job.Batch(job.IdOf("queued", "started"), job.Event("vision", "started", 5, now)))));
        await Eventually.TrueAsync(
            async () => (await Task.WhenAll(waiting.Select(line.ReadAsync))).All(job => job is { Events.Count: 3, Early: null }), "none waits any more", TimeSpan.FromSeconds(10));
        Assert.All(await Task.WhenAll(waiting.Select(line.ReadAsync)), job => Assert.Equal(["started", "started", "completed"], job!.Events.Select(e => e.Status)));
    }

    [Fact]
    public async Task A_router_that_is_far_behind_still_waits_for_what_comes_before()
    {
        await line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build);
        var job = await line.AcceptAsync();
        var happened = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1);
        await line.PublishAsync(job.Batch(job.IdOf("vision", "started"), job.Event("vision", "completed", 25, happened)));
        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Early is { Count: 1 }, "the batch waits", TimeSpan.FromSeconds(5));

        await line.PublishAsync(job.Batch(job.IdOf("queued", "started"), job.Event("vision", "started", 5, happened)));

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job)) is { Events.Count: 3, Early: null, EarlySince: null }, "the batch is accepted", TimeSpan.FromSeconds(5));
        Assert.Equal(["started", "started", "completed"], (await line.ReadAsync(job))!.Events.Select(e => e.Status));
    }
}
