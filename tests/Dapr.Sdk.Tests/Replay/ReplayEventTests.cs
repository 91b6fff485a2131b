using Dapr.Workflow;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Waits for events and timers, and who of the two is first.</summary>
public class ReplayEventTests
{
    [Fact]
    public void An_event_is_matched_in_any_case_and_first_waiter_first()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            var first = c.WaitForExternalEventAsync<string>("Approve");
            var second = c.WaitForExternalEventAsync<string>("approve");
            return await first + await second;
        }

        var response = new History().Turn().Raised("APPROVE", "\"a\"").Raised("approve", "\"b\"").Run(Body);

        Assert.Equal("\"ab\"", response.Completion()!.Result);
    }

    [Fact]
    public void An_event_that_came_early_is_kept_until_somebody_waits()
    {
        var response = new History().Scheduled(0, "A").Turn().Raised("go", "5").Turn().Completed(0, "1").Run(async c =>
        {
            await c.CallActivityAsync("A");
            return await c.WaitForExternalEventAsync<int>("go");
        });

        Assert.Equal("5", response.Completion()!.Result);
    }

    [Fact]
    public void A_wait_with_a_timeout_makes_a_timer_that_names_the_event()
    {
        var response = new History().Run(c => c.WaitForExternalEventAsync<int>("go", TimeSpan.FromHours(1)));

        var timer = Assert.Single(response.Actions).CreateTimer;
        Assert.Equal(("go", History.Start.AddHours(1)), (timer.ExternalEvent.Name, timer.FireAt.ToDateTime()));
    }

    [Fact]
    public void The_timer_ends_a_wait_and_an_event_beats_its_timer()
    {
        static Task<int> Body(WorkflowContext c) => c.WaitForExternalEventAsync<int>("go", TimeSpan.FromHours(1));

        var late = new History().TimerCreated(0, forEvent: "go").Turn().Fired(0).Raised("go", "5").Run(Body);
        var early = new History().TimerCreated(0, forEvent: "go").Turn().Raised("go", "5").Fired(0).Run(Body);

        Assert.Equal("System.Threading.Tasks.TaskCanceledException", late.Completion()!.FailureDetails.ErrorType);
        Assert.Equal("5", early.Completion()!.Result);
    }

    [Fact]
    public void A_zero_timeout_ends_at_once_without_a_timer()
    {
        var response = new History().Run(c => c.WaitForExternalEventAsync<int>("go", TimeSpan.Zero));

        Assert.Equal("System.Threading.Tasks.TaskCanceledException", response.Completion()!.FailureDetails.ErrorType);
        Assert.Empty(response.Asked());
    }

    [Fact]
    public void A_wait_without_end_makes_the_never_timer_and_replays_histories_with_and_without_it()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            var go = await c.WaitForExternalEventAsync<string>("go", TimeSpan.FromSeconds(-1));
            return await c.CallActivityAsync<string>("A", go);
        }

        var asked = Assert.Single(new History().Run(Body).Actions);
        var with = new History().EndlessTimerCreated(0, "go").Turn().Raised("go", "\"x\"").Scheduled(1, "A").Turn().Completed(1, "\"y\"").Run(Body);
        var without = new History().Turn().Raised("go", "\"x\"").Scheduled(0, "A").Turn().Completed(0, "\"y\"").Run(Body);

        Assert.Equal((253402300799, 999999999), (asked.CreateTimer.FireAt.Seconds, asked.CreateTimer.FireAt.Nanos));
        Assert.Equal("\"y\"", with.Completion()!.Result);
        Assert.Equal("\"y\"", without.Completion()!.Result);
        Assert.Empty(without.Asked());
    }

    [Fact]
    public void A_timer_fires_at_the_asked_time_and_cancelling_it_ends_only_the_wait()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            using var enough = new CancellationTokenSource();
            var timer = c.CreateTimer(TimeSpan.FromHours(2), enough.Token);
            await c.WaitForExternalEventAsync<object?>("stop");
            #pragma warning disable CA1849 // CancelAsync runs on another thread, which no workflow may.
            enough.Cancel();
#pragma warning restore CA1849
            return timer.IsCanceled ? "cancelled" : "running";
        }

        var started = new History().Run(Body);
        var stopped = new History().TimerCreated(0).Turn().Raised("stop").Run(Body);

        Assert.Equal(History.Start.AddHours(2), Assert.Single(started.Actions).CreateTimer.FireAt.ToDateTime());
        Assert.Equal("\"cancelled\"", stopped.Completion()!.Result);
    }

    [Fact]
    public void A_timer_in_local_time_is_refused()
    {
        var response = new History().Run<object?>(async c =>
        {
            await c.CreateTimer(DateTime.SpecifyKind(c.CurrentUtcDateTime, DateTimeKind.Local), CancellationToken.None);
            return null;
        });

        Assert.Equal("System.ArgumentException", response.Completion()!.FailureDetails.ErrorType);
    }

    [Fact]
    public void Sending_an_event_to_another_instance_is_refused_because_no_runtime_can()
    {
        var response = new History().Run(c =>
        {
            c.SendEvent("other", "go", 1);
            return Task.FromResult(1);
        });

        Assert.Equal("System.NotSupportedException", response.Completion()!.FailureDetails.ErrorType);
    }
}
