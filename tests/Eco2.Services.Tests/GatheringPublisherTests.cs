using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Dapr.Sdk.Tests;
using Eco2.ServiceDefaults;
using Eco2.Testing;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Eco2.Services.Tests;

/// <summary>How messages leave an app, as its sidecar sees it.</summary>
public sealed class GatheringPublisherTests : IAsyncLifetime
{
    private const string Method = "/dapr.proto.runtime.v1.Dapr/BulkPublishEvent";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private readonly ConcurrentQueue<int[]> calls = [];
    private readonly SteeredClock clock = new();
    private GrpcStandIn sidecar = null!;
    private DaprClient dapr = null!;
    private GatheringPublisher<News> publisher = null!;

    private sealed record News(int Number);

    public async Task InitializeAsync()
    {
        sidecar = await GrpcStandIn.StartAsync();
        dapr = new DaprClientBuilder().UseGrpcEndpoint(sidecar.Address).Build();
        publisher = new GatheringPublisher<News>(dapr, "pubsub", "news", new ServiceIdentity("small", false), clock, NullLogger<GatheringPublisher<News>>.Instance);
        await publisher.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await publisher.StopAsync(CancellationToken.None);
        publisher.Dispose();
        dapr.Dispose();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task What_comes_together_leaves_in_few_calls_each_message_once()
    {
        TakeEverything();

        await Task.WhenAll(Enumerable.Range(1, 250).Select(n => publisher.PublishAsync(new News(n)))).WaitAsync(Soon);

        Assert.Equal(Enumerable.Range(1, 250), calls.SelectMany(call => call).Order());
        Assert.InRange(calls.Count, 3, 12);
        Assert.All(calls, call => Assert.InRange(call.Length, 1, 100));
    }

    [Fact]
    public async Task Each_message_brings_its_own_id_source_and_trace()
    {
        var sent = new ConcurrentQueue<Wire.BulkPublishRequestEntry>();
        sidecar.On(Method, call =>
        {
            foreach (var entry in Wire.BulkPublishRequest.Parser.ParseFrom(call.Message).Entries)
            {
                sent.Enqueue(entry);
            }

            return call.SendAsync(new Wire.BulkPublishResponse());
        });

        var traces = await Task.WhenAll(Enumerable.Range(1, 2).Select(async n =>
        {
            using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
            await publisher.PublishAsync(new News(n)).WaitAsync(Soon);
            return activity.Id;
        }));

        var events = sent.Select(entry => JsonDocument.Parse(entry.Event.ToByteArray()).RootElement).OrderBy(e => e.GetProperty("data").GetProperty("number").GetInt32()).ToList();
        Assert.Equal(traces, events.Select(e => e.GetProperty("traceparent").GetString()));
        Assert.Equal(traces, events.Select(e => e.GetProperty("traceid").GetString()));
        Assert.Equal(2, events.Select(e => e.GetProperty("id").GetString()).Distinct().Count());
        Assert.All(events, e => Assert.Equal("small", e.GetProperty("source").GetString()));
        Assert.All(sent, entry => Assert.Equal("application/cloudevents+json", entry.ContentType));
    }

    [Fact]
    public async Task A_message_that_somebody_waits_for_takes_the_others_along()
    {
        TakeEverything();
        clock.NoTimers = true;

        await Task.WhenAll(publisher.PublishAsync(new News(1)), publisher.PublishAsync(new News(2)), publisher.PublishAsync(new News(3), atOnce: true)).WaitAsync(Soon);

        Assert.Equal(["1,2,3"], Sent);
    }

    [Fact]
    public async Task What_the_broker_refuses_leaves_again_and_only_that()
    {
        using var answers = new SemaphoreSlim(0);
        sidecar.On(Method, async call =>
        {
            var (request, attempt) = Take(call);
            await answers.WaitAsync(call.Aborted);
            var answer = new Wire.BulkPublishResponse();
            if (attempt == 1)
            {
                answer.FailedEntries.Add(new Wire.BulkPublishResponseFailedEntry { EntryId = request.Entries[1].EntryId, Error = "full" });
            }

            await call.SendAsync(answer);
        });

        clock.NoTimers = true;
        Task[] told = [publisher.PublishAsync(new News(1)), publisher.PublishAsync(new News(2)), publisher.PublishAsync(new News(3), atOnce: true)];
        clock.NoTimers = false;
        answers.Release();
        await Task.WhenAll(told[0], told[2]).WaitAsync(Soon);
        await Eventually.TrueAsync(() => calls.Count == 2, "the refused message leaves again");
        Assert.False(told[1].IsCompleted);

        answers.Release();
        await told[1].WaitAsync(Soon);
        Assert.Equal(["1,2,3", "2"], Sent);
    }

    [Fact]
    public async Task A_sidecar_that_fails_is_asked_again_for_half_a_minute_and_then_whoever_waits_hears_of_it()
    {
        sidecar.On(Method, call => Take(call) is { Attempt: > 3 } ? call.SendAsync(new Wire.BulkPublishResponse()) : call.FailAsync(StatusCode.Unavailable, "away"));

        await publisher.PublishAsync(new News(1), atOnce: true).WaitAsync(Soon);
        Assert.Equal(["1", "1", "1", "1"], Sent);

        sidecar.On(Method, call =>
        {
            Take(call);
            clock.Advance(TimeSpan.FromSeconds(31));
            return call.FailAsync(StatusCode.Unavailable, "away");
        });
        await Assert.ThrowsAsync<DaprException>(() => publisher.PublishAsync(new News(2), atOnce: true).WaitAsync(Soon));

        TakeEverything();
        await publisher.PublishAsync(new News(3), atOnce: true).WaitAsync(Soon);
        Assert.Equal("3", Sent.Last());
    }

    [Fact]
    public async Task When_the_app_stops_nobody_is_left_waiting()
    {
        sidecar.On(Method, call =>
        {
            Take(call);
            return Task.Delay(Timeout.InfiniteTimeSpan, call.Aborted);
        });
        var underWay = publisher.PublishAsync(new News(1), atOnce: true);
        await Eventually.TrueAsync(() => calls.Count == 1, "the first call is under way");
        var queued = publisher.PublishAsync(new News(2), atOnce: true);

        await publisher.StopAsync(CancellationToken.None).WaitAsync(Soon);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => underWay.WaitAsync(Soon));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(Soon));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publisher.PublishAsync(new News(3)).WaitAsync(Soon));
        Assert.Single(calls);
    }

    private IEnumerable<string> Sent => calls.Select(call => string.Join(',', call));

    private void TakeEverything() => sidecar.On(Method, call =>
    {
        Take(call);
        return call.SendAsync(new Wire.BulkPublishResponse());
    });

    /// <summary>What came, and the how manieth call it is.</summary>
    private (Wire.BulkPublishRequest Request, int Attempt) Take(GrpcStandIn.Call call)
    {
        var request = Wire.BulkPublishRequest.Parser.ParseFrom(call.Message);
        calls.Enqueue([.. request.Entries.Select(entry => JsonDocument.Parse(entry.Event.ToByteArray()).RootElement.GetProperty("data").GetProperty("number").GetInt32())]);
        return (request, calls.Count);
    }

    /// <summary>Real time, but it can be moved on, and its timers can be kept from ringing.</summary>
    private sealed class SteeredClock : TimeProvider
    {
        private long ahead;

        public bool NoTimers { get; set; }

        public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, (long)(by.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref ahead);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, NoTimers ? Timeout.InfiniteTimeSpan : dueTime, period);
    }
}
