using EmbeddedSidecar.Scheduling;
using Xunit;

namespace EmbeddedSidecar.Tests.Scheduling;

public sealed class TimerQueueTests
{
    private readonly SettableClock clock = new();

    [Theory]
    [InlineData(-3600)]
    [InlineData(0)]
    public async Task A_short_wait_stays_short_when_the_clock_is_set_back(int step)
    {
        using var timers = new TimerQueue(clock);
        var called = new TaskCompletionSource();
        timers.Add(clock.GetUtcNow().AddMilliseconds(50), called.SetResult);

        clock.Step = TimeSpan.FromSeconds(step);

        await called.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task What_a_clock_set_forward_has_passed_comes_with_the_next_look()
    {
        using var timers = new TimerQueue(clock);
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        timers.Add(clock.GetUtcNow().AddMilliseconds(50), first.SetResult);
        timers.Add(clock.GetUtcNow().AddMinutes(30), second.SetResult);

        clock.Step = TimeSpan.FromHours(1);

        await first.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await second.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Its time of day can be set; its timers and timestamps go on as if nothing had happened.</summary>
    private sealed class SettableClock : TimeProvider
    {
        public TimeSpan Step { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Step;
    }
}
