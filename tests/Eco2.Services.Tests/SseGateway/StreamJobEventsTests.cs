using System.Net;
using Eco2.Contracts.Jobs;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Eco2.Services.Tests.SseGateway;

/// <summary>Which events a client gets: all of its own, once and in order.</summary>
public sealed class StreamJobEventsTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private readonly LineFixture line = fixture.Line;
    private readonly ServiceHost gateway = fixture.Gateway;

    [Fact]
    public async Task A_stream_shows_the_backlog_then_every_event_once_in_order_and_ends()
    {
        var job = await line.AcceptAsync();
        await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId);
        var first = await stream.NextAsync();

        foreach (var batch in job.WholeScan().Reverse())
        {
            await line.PublishAsync(batch);
        }

        Assert.Equal(("queued", "1"), (first!.Value.Event, first.Value.Id));
        Assert.Equal(job.Id, first.Value.Data.GetProperty("job_id").GetGuid());
        Assert.Equal(Enumerable.Range(2, 9), await stream.RestAsync());
    }

    [Fact]
    public async Task A_client_that_reconnects_again_and_again_sees_every_event_once()
    {
        var job = await line.AcceptAsync();
        var seen = new List<int>();
        var publishing = Task.Run(async () =>
        {
            foreach (var batch in job.WholeScan())
            {
                await line.PublishAsync(batch);
            }
        });

        while (seen.Count < 10)
        {
            await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, seen.Count == 0 ? null : seen[^1].ToString(System.Globalization.CultureInfo.InvariantCulture));
            // Two frames, then the line drops.
            for (var i = 0; i < 2 && await stream.NextAsync() is { } frame; i++)
            {
                if (frame.Id is { Length: > 0 } && frame.Data.TryGetProperty("seq", out var seq))
                {
                    seen.Add(seq.GetInt32());
                }
            }

        }

        await publishing;
        Assert.Equal(Enumerable.Range(1, 10), seen);
    }

    [Fact]
    public async Task Whoever_comes_while_an_answer_is_written_sees_it_from_its_first_piece_to_its_last()
    {
        const int Pieces = 150;
        var job = await line.AcceptAsync();
        var publishing = Task.Run(async () =>
        {
            for (var number = 1; number <= Pieces; number++)
            {
                await line.PublishAsync(job.Token(number));
            }
        });
        var published = false;
        while (!published)
        {
            published = publishing.IsCompleted;
            await using (var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId))
            {
                for (var seq = 1; seq <= 2; seq++)
                {
                    var frame = (await stream.NextAsync())!.Value;
                    Assert.Equal(seq.ToString(System.Globalization.CultureInfo.InvariantCulture), frame.Id);
                }
            }

            var open = gateway.Services.GetRequiredService<Eco2.SseGateway.Streams.StreamLimits>();
            await Eventually.TrueAsync(() => open.OpenStreamsOf(job.UserId) == 0, "the place is free again");
        }

        await publishing;
        await using var late = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, "100");
        await line.PublishAsync(job.Batch(JobEvent.TokenIdOf(job.Id, Pieces), job.Event("done", "completed", 100)));
        Assert.Equal(Enumerable.Range(101, Pieces + 2 - 100), await late.RestAsync());
        await using var whole = await StreamClient.OpenAsync(gateway, job.Id, job.UserId);
        Assert.Equal(Enumerable.Range(1, Pieces + 2), await whole.RestAsync());
        Assert.True((await line.ReadAsync(job))!.Chunks > 0);
    }

    [Fact]
    public async Task The_query_stands_in_for_the_header_and_the_header_wins()
    {
        var job = await FinishedAsync();

        await using var byQuery = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, query: "?last_event_id=7");
        await using var byHeader = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, "9", "?last_event_id=3");

        Assert.Equal([8, 9, 10], await byQuery.RestAsync());
        Assert.Equal([10], await byHeader.RestAsync());
    }

    [Fact]
    public async Task A_client_that_has_everything_is_told_to_stop()
    {
        var job = await FinishedAsync();

        using var answer = await gateway.Client.SendAsync(StreamClient.Request(job.Id, job.UserId, "10"));

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task A_number_that_was_never_given_counts_as_none_and_a_word_is_refused()
    {
        var job = await FinishedAsync();

        await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId, "4711");
        using var word = await gateway.Client.SendAsync(StreamClient.Request(job.Id, job.UserId, "seven"));

        Assert.Equal(Enumerable.Range(1, 10), await stream.RestAsync());
        await word.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "sse-gateway");
    }

    [Fact]
    public async Task Somebody_elses_job_and_no_job_look_the_same()
    {
        var job = await line.AcceptAsync();

        using var foreign = await gateway.Client.SendAsync(StreamClient.Request(job.Id, Guid.CreateVersion7()));
        using var strange = new HttpRequestMessage(HttpMethod.Get, "/api/v1/scan/not-a-job/events");
        strange.Headers.Add("X-User-Id", job.UserId.ToString("D"));
        using var none = await gateway.Client.SendAsync(strange);

        await foreign.IsProblemAsync(HttpStatusCode.NotFound, "JOB_NOT_FOUND", "sse-gateway");
        await none.IsProblemAsync(HttpStatusCode.NotFound, "JOB_NOT_FOUND", "sse-gateway");
    }

    [Fact]
    public async Task An_event_whose_message_was_lost_appears_with_the_next_keepalive()
    {
        var job = await line.AcceptAsync();
        await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId);
        await stream.NextAsync();

        // Written to the log behind the router's back: nobody is told.
        var document = (await line.ReadAsync(job))!;
        var lost = job.Event("failed", "failed", 0) with { Seq = 2 };
        await line.Worker.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(job.Id), document with { Status = "failed", Events = [.. document.Events, lost] });

        Assert.Equal([2], await stream.RestAsync());
    }

    private async Task<Job> FinishedAsync()
    {
        var job = await line.AcceptAsync();
        foreach (var batch in job.WholeScan())
        {
            await line.PublishAsync(batch);
        }

        await Eventually.TrueAsync(async () => (await line.ReadAsync(job))!.IsFinished(), "the job ends");
        return job;
    }
}
