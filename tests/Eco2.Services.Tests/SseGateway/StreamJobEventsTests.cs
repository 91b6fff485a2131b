using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Eco2.Services.Tests.SseGateway;

/// <summary>The line with a router and a gateway in a hurry: keepalives and limits come within a second.</summary>
public sealed class StreamFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    internal ServiceHost Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        // Chunks of few events, so that most logs have some.
        await Line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null, "EventRouter:ChunkBytes=500");
        Gateway = await Line.StartAsync(
            "sse-gateway",
            global::Eco2.SseGateway.Program.Build,
            null,
            "Sse:Keepalive=00:00:00.300",
            "Sse:MaxDuration=00:00:05",
            "Sse:WriteTimeout=00:00:00.500");
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}

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

    [Fact]
    public async Task Silence_brings_keepalives_without_a_number_and_the_time_limit_a_reconnect()
    {
        var job = await line.AcceptAsync();
        await using var stream = await StreamClient.OpenAsync(gateway, job.Id, job.UserId);
        await stream.NextAsync();

        var keepalive = await stream.NextAsync();
        var last = keepalive;
        while (await stream.NextAsync() is { } next)
        {
            last = next;
        }

        Assert.Equal("keepalive", keepalive!.Value.Event);
        Assert.True(keepalive.Value.Data.TryGetProperty("ts", out _));
        Assert.Equal("reconnect", last!.Value.Event);
        Assert.Equal("max_duration", last.Value.Data.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_job_has_two_streams_and_a_user_five()
    {
        var user = Guid.CreateVersion7();
        var jobs = new[] { await line.AcceptAsync(user), await line.AcceptAsync(user), await line.AcceptAsync(user), await line.AcceptAsync(user) };
        var open = new List<StreamClient> { await StreamClient.OpenAsync(gateway, jobs[0].Id, user), await StreamClient.OpenAsync(gateway, jobs[0].Id, user) };

        using var third = await gateway.Client.SendAsync(StreamClient.Request(jobs[0].Id, user));
        foreach (var job in (Job[])[jobs[1], jobs[1], jobs[2]])
        {
            open.Add(await StreamClient.OpenAsync(gateway, job.Id, user));
        }

        using var sixth = await gateway.Client.SendAsync(StreamClient.Request(jobs[3].Id, user));
        await third.IsProblemAsync(HttpStatusCode.TooManyRequests, "TOO_MANY_STREAMS", "sse-gateway");
        await sixth.IsProblemAsync(HttpStatusCode.TooManyRequests, "TOO_MANY_STREAMS", "sse-gateway");
        Assert.NotNull(sixth.Headers.RetryAfter);

        // Places are given back when a client leaves.
        foreach (var stream in open)
        {
            await stream.DisposeAsync();
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var again = await gateway.Client.SendAsync(StreamClient.Request(jobs[3].Id, user), HttpCompletionOption.ResponseHeadersRead);
                return again.StatusCode == HttpStatusCode.OK;
            },
            "a place is free again");
    }

    [Fact]
    public async Task A_client_that_never_reads_is_cut_off()
    {
        var job = await line.AcceptAsync();
        var document = (await line.ReadAsync(job))!;
        // More than all the buffers between us hold.
        var big = JsonSerializer.SerializeToElement(new string('x', 12_000_000));
        await line.Worker.SaveStateAsync(
            JobDocument.Store,
            JobDocument.KeyOf(job.Id),
            document with { Events = [.. document.Events, job.Event("vision", "completed", 25) with { Seq = 2, Result = big }] });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        var request = $"GET /api/v1/jobs/{job.Id:D}/events HTTP/1.1\r\nHost: x\r\ndapr-api-token: {ServiceHost.AppToken}\r\nX-User-Id: {job.UserId:D}\r\n\r\n";

        await socket.SendAsync(Encoding.ASCII.GetBytes(request));

        // The other side hangs up although we have not read: what we then read ends before the event does.
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<Eco2.SseGateway.Streams.StreamLimits>().OpenStreamsOf(job.UserId) == 1, "the stream is open");
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<Eco2.SseGateway.Streams.StreamLimits>().OpenStreamsOf(job.UserId) == 0, "the stream is cut off");
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
