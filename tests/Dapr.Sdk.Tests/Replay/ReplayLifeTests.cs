using Dapr.Workflow;
using Microsoft.Extensions.Logging;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

/// <summary>How a workflow goes on, rests and ends, and what it has of ids, time, patches, status and lines.</summary>
public class ReplayLifeTests
{
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
