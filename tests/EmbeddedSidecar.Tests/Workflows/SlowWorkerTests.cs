using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

/// <summary>A worker that stops reading. The clock of the sidecar is the test's.</summary>
public sealed class SlowWorkerTests(InMemoryWorkflows store) : WorkflowTests(store), IClassFixture<InMemoryWorkflows>
{
    private readonly SkippingClock _clock = new();

    private protected override TimeProvider Clock => _clock;

    [Fact]
    public async Task A_stream_that_is_not_read_for_ten_seconds_ends_and_its_items_go_to_others()
    {
        using var wire = new GrpcWire(Host.Apps[0].GrpcEndpoint);
        await using var items = wire.StreamAsync<WorkItem>("/TaskHubSidecarService/GetWorkItems", new GetWorkItemsRequest(), CancellationToken.None).GetAsyncEnumerator();

        // One item is read, then no more: some two megabytes fill all buffers between the two.
        var starts = Enumerable.Range(0, 12).Select(i => Hub.StartAsync($"w{i}", "Any", new string('x', 1_000_000))).ToList();
        Assert.True(await items.MoveNextAsync());
        await Eventually.TrueAsync(
            async () => (await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Hub.GetAsync($"w{i}", payloads: false)))).All(s => s is not null), "all are there");
        await Eventually.TrueAsync(() => _clock.Waits(TimeSpan.FromSeconds(10)), "the sidecar is stuck sending");
        _clock.Skip(TimeSpan.FromSeconds(11));
        var other = Worker(_ => Answer(Complete(0, null)));
        await Task.WhenAll(starts);

        Assert.Equal(12, other.Turns.Count);
        var ended = await Assert.ThrowsAsync<WireException>(async () =>
        {
            while (await items.MoveNextAsync())
            {
            }
        });
        Assert.Equal((2, "timed out while sending work item"), (ended.Code, ended.Detail));
    }

    /// <summary>Runs as the system's, can be set forward, and tells what is being waited for.</summary>
    private sealed class SkippingClock : TimeProvider
    {
        private readonly List<SkippingTimer> _timers = [];
        private TimeSpan _ahead;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;

        public bool Waits(TimeSpan time)
        {
            lock (_timers)
            {
                return _timers.Any(t => t.Due == time);
            }
        }

        public void Skip(TimeSpan time)
        {
            List<SkippingTimer> due;
            lock (_timers)
            {
                _ahead += time;
                due = [.. _timers.Where(t => t.Due <= time && t.Due > TimeSpan.FromSeconds(2))];
            }

            foreach (var timer in due)
            {
                timer.Fire();
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SkippingTimer(this, callback, state, dueTime, period);
            lock (_timers)
            {
                _timers.Add(timer);
            }

            return timer;
        }

        private sealed class SkippingTimer(SkippingClock clock, TimerCallback callback, object? state, TimeSpan due, TimeSpan period) : ITimer
        {
            private readonly ITimer _real = System.CreateTimer(callback, state, due, period);

            public TimeSpan Due { get; private set; } = due;

            public void Fire() => callback(state);

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Due = dueTime;
                return _real.Change(dueTime, period);
            }

            public void Dispose()
            {
                lock (clock._timers)
                {
                    clock._timers.Remove(this);
                }

                _real.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
