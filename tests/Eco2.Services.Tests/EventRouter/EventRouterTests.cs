using Eco2.Contracts.Jobs;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

[CollectionDefinition(nameof(RouterCollection))]
public sealed class RouterCollection : ICollectionFixture<RouterFixture>;

/// <summary>The line with one router.</summary>
public sealed class RouterFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        await Line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null, "EventRouter:Patience=00:00:02");
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}

[Collection(nameof(RouterCollection))]
[Trait("on", "each-target")]
public sealed class EventRouterTests(RouterFixture fixture)
{
    private readonly LineFixture line = fixture.Line;

    [Fact]
    public async Task Events_of_many_jobs_published_at_once_end_in_gapless_logs()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => line.AcceptAsync()));
        var coming = jobs.SelectMany(job => job.WholeScan()).Concat(jobs.SelectMany(job => job.WholeScan().Take(2))).ToArray();
        new Random(7).Shuffle(coming);

        await Task.WhenAll(coming.Select(line.PublishAsync));

        foreach (var job in jobs)
        {
            await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Status == "succeeded", $"job {job.Id} ends");
            var document = (await line.ReadAsync(job))!;
            Assert.Equal(Enumerable.Range(1, 10), (await line.ReadLogAsync(job)).Select(e => e.Seq));
            Assert.Equal(job.IdOf("done", "completed"), document.Events[^1].EventId);
            Assert.NotNull(document.FinishedAt);
        }
    }

    [Fact]
    public async Task An_event_whose_predecessor_is_lost_is_accepted_after_a_while()
    {
        var job = await line.AcceptAsync();
        var old = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        await line.PublishAsync(job.Batch(job.IdOf("vision", "started"), job.Event("vision", "completed", 25, old)));

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Stage == "vision", "the event is accepted");
    }

    [Fact]
    public async Task A_message_nobody_can_read_does_not_stop_the_others()
    {
        var job = await line.AcceptAsync();

        await line.Worker.PublishEventAsync(Messaging.PubSub, JobEventBatch.Topic, "not a batch");
        await line.PublishAsync(new JobEventBatch(Guid.CreateVersion7(), job.UserId, "scan", null, []));
        await line.PublishAsync(job.WholeScan()[0]);

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Stage == "vision", "the next event arrives");
    }
}
