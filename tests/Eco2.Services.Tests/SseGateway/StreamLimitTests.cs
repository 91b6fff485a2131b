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

/// <summary>How long and how many: keepalives, limits of time and number, and clients that do not read.</summary>
public sealed class StreamLimitTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private readonly LineFixture line = fixture.Line;
    private readonly ServiceHost gateway = fixture.Gateway;

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
}
