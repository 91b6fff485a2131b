using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.EventRouter;

/// <summary>A router that died after it had stored an end and before it had told it.</summary>
public sealed class EndToldAgainTests : IAsyncLifetime
{
    private readonly LineFixture line = new();
    private int told;

    public Task InitializeAsync() => line.InitializeAsync();

    public Task DisposeAsync() => line.DisposeAsync();

    [Fact]
    public async Task Any_batch_that_comes_again_tells_the_end_again()
    {
        // The end came early, so its own message was done with; what comes again is the batch that it waited for.
        await line.StandInAsync("scan", app => app.MapPost("/events/job-finished", () =>
        {
            Interlocked.Increment(ref told);
            return Results.Ok();
        }));
        await line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null);
        var job = await line.AcceptAsync();
        await Task.WhenAll(job.WholeScan().Select(line.PublishAsync));
        await Eventually.TrueAsync(() => Volatile.Read(ref told) > 0, "the end is told");
        var before = Volatile.Read(ref told);

        await line.PublishAsync(job.WholeScan()[0]);

        await Eventually.TrueAsync(() => Volatile.Read(ref told) > before, "the end is told again");
    }
}
