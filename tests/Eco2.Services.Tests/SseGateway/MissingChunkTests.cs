using System.Net;
using Eco2.Contracts.Jobs;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.SseGateway;

public sealed class MissingChunkTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private readonly ServiceHost gateway = fixture.Gateway;

    [Fact]
    public async Task A_log_that_lacks_a_part_is_gone_for_whoever_needs_that_part_and_never_shown_with_a_hole()
    {
        var (line, job) = (fixture.Line, await fixture.Line.AcceptAsync());
        foreach (var batch in job.WholeScan())
        {
            // One after the other: what is appended at once makes no chunk of its own.
            await line.PublishAsync(batch);
            await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.Events.Any(e => e.EventId == batch.Events[^1].EventId), "it is in the log");
        }

        var whole = (await line.ReadAsync(job))!;
        Assert.True(whole.Chunks > 0);
        await line.Worker.DeleteStateAsync(JobDocument.Store, JobChunk.KeyOf(job.Id, 1));

        using var answer = await gateway.Client.SendAsync(StreamClient.Request(job.Id, job.UserId));
        var seen = whole.Events[0].Seq - 1;
        await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, $"{seen}");

        await answer.IsProblemAsync(HttpStatusCode.Gone, "EVENTS_EXPIRED", "sse-gateway");
        Assert.Equal(Enumerable.Range(seen + 1, 10 - seen), await stream.RestAsync());
    }
}
