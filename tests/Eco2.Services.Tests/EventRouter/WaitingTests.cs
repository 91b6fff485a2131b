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
}
