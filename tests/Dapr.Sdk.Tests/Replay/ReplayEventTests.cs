using Dapr.Workflow;
using Microsoft.Extensions.Logging;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

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
    public void Continue_as_new_carries_input_and_unread_events_even_those_behind_the_end()
    {
        static async Task<int> Body(WorkflowContext c, int round)
        {
            await c.WaitForExternalEventAsync<object?>("go");
            c.ContinueAsNew(round + 1);
            return 0;
        }

        var response = new History(input: "1").Turn().Raised("other", "7").Raised("go").Raised("late", "8").Run<int, int>(Body);

        var completion = response.Completion()!;
        Assert.Equal((Proto.OrchestrationStatus.ContinuedAsNew, "2"), (completion.WorkflowStatus, completion.Result));
        Assert.Equal(["other", "late"], completion.CarryoverEvents.Select(e => e.EventRaised.Name));
    }

    [Fact]
    public void While_suspended_nothing_is_asked_for_and_on_resume_all_of_it()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            await c.CallActivityAsync("A");
            c.SetCustomStatus("A is done");
            return await c.CallActivityAsync<string>("B");
        }

        var held = new History().Scheduled(0, "A").Turn().Suspended().Turn().Completed(0, "1");
        var waiting = held.Run(Body);
        Assert.Empty(waiting.Actions);
        Assert.Null(waiting.CustomStatus);

        var resumed = held.Turn().Resumed().Run(Body);

        Assert.Equal("B", Assert.Single(resumed.Actions).ScheduleTask.Name);
    }

    [Fact]
    public void Terminate_ends_with_its_input_and_nothing_else_even_while_suspended()
    {
        var response = new History().Suspended().Turn().Terminated("\"enough\"").Run(c => c.CallActivityAsync<string>("A"));

        var completion = Assert.Single(response.Actions).CompleteWorkflow;
        Assert.Equal((Proto.OrchestrationStatus.Terminated, "\"enough\""), (completion.WorkflowStatus, completion.Result));
    }

    [Fact]
    public void Ids_and_time_are_the_same_at_every_replay()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            var before = $"{c.NewGuid()} {c.NewGuid()} {c.CurrentUtcDateTime:O}";
            await c.CallActivityAsync("A", before);
            return $"{before} {c.CurrentUtcDateTime:O}";
        }

        var first = Assert.Single(new History().Run(Body).Actions).ScheduleTask.Input.Trim('"');
        var again = new History().Scheduled(0, "A").Turn().Completed(0, "1").Run(Body).Completion()!.Result.Trim('"');

        Assert.StartsWith(first, again, StringComparison.Ordinal);
        Assert.EndsWith("2026-03-01T12:01:00.0000000Z", again, StringComparison.Ordinal);
        Assert.Equal(2, first.Split(' ')[..2].Distinct().Count());
    }

    [Fact]
    public void A_patch_holds_for_new_code_and_not_for_history_made_without_it()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            var patched = c.IsPatched("p1");
            return $"{patched} {await c.CallActivityAsync<int>("A")}";
        }

        var fresh = new History().Run(Body);
        var old = new History().Scheduled(0, "A").Turn().Completed(0, "1").Run(Body);

        Assert.Equal(["p1"], fresh.Version.Patches);
        Assert.Equal("\"False 1\"", old.Completion()!.Result);
        Assert.Null(old.Version);
    }

    [Fact]
    public void Custom_status_is_the_last_of_the_turn_and_a_replay_safe_line_is_written_once()
    {
        var lines = new Lines();
        async Task<int> Body(WorkflowContext c, object? _)
        {
            var log = c.CreateReplaySafeLogger("flow");
            log.LogBefore();
            c.SetCustomStatus("one");
            c.SetCustomStatus(new { step = 2 });
            await c.CallActivityAsync("A");
            log.LogAfter();
            return 1;
        }

        var first = new History().Run<object?, int>(Body, lines);
        var second = new History().Scheduled(0, "A").Turn().Completed(0, "1").Run<object?, int>(Body, lines);

        Assert.Equal("{\"step\":2}", first.CustomStatus);
        Assert.Equal("{\"step\":2}", second.CustomStatus);
        Assert.Equal(["before", "after"], lines.Written);
    }

    [Fact]
    public void A_missing_input_for_a_value_type_fails_as_unboxing_null_does()
    {
        var response = new History().Run<int, int>((_, input) => Task.FromResult(input));

        Assert.Equal("System.NullReferenceException", response.Completion()!.FailureDetails.ErrorType);
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

internal sealed class Lines : ILoggerFactory, ILogger
{
    public List<string> Written { get; } = [];

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Written.Add(formatter(state, exception));

    public void Dispose()
    {
    }
}

internal static partial class FlowLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "before")]
    public static partial void LogBefore(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "after")]
    public static partial void LogAfter(this ILogger logger);
}
