using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;
using EventKind = Dapr.DurableTask.Protobuf.HistoryEvent.EventTypeOneofCase;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class TurnTestsInMemory(InMemoryWorkflows store) : TurnTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class TurnTestsOnRedis(RedisWorkflows store) : TurnTests(store), IClassFixture<RedisWorkflows>;

public sealed class TurnTestsOnPostgres(PostgresWorkflows store) : TurnTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>What travels to workers and what their answers do.</summary>
public abstract class TurnTests(IWorkflowStore store) : WorkflowTests(store)
{
    [Fact]
    public async Task An_activity_then_an_event_with_a_timeout_travel_as_the_protocol_says()
    {
        var worker = Worker(request => request.All().Any(e => e.EventRaised is not null) ? Answer(Complete(2, "\"done\""))
            : request.All().Any(e => e.TaskCompleted is not null) ? Answer(Timer(1, DateTimeOffset.Parse("2099-01-01Z"), "approve"))
            : Answer(Activity(0, "Charge", "5")));

        await Hub.StartAsync("o1", "Order", "{}");
        await Eventually.TrueAsync(() => worker.Turns.Count == 2, "the turn after the activity");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("o1")).Any(e => e.TimerCreated is not null), "the timer is stored");
        await Hub.RaiseAsync("o1", "Approve", "true");
        var state = await Hub.CompletedAsync("o1");

        var turns = worker.Turns.ToList();
        Assert.Empty(turns[0].PastEvents);
        Assert.Equal(["WorkflowStarted", "ExecutionStarted"], Kinds(turns[0].NewEvents));
        Assert.Equal(["WorkflowStarted", "ExecutionStarted", "TaskScheduled"], Kinds(turns[1].PastEvents));
        Assert.Equal(["WorkflowStarted", "TaskCompleted"], Kinds(turns[1].NewEvents));
        Assert.Equal(["WorkflowStarted", "EventRaised"], Kinds(turns[2].NewEvents));
        Assert.All(turns.SelectMany(t => t.NewEvents), e => Assert.Equal(-1, e.EventId));
        var activity = Assert.Single(worker.Activities);
        Assert.Equal(("Charge", "5", "o1", 0, "exec-0"), (activity.Name, activity.Input, activity.WorkflowInstance.InstanceId, activity.TaskId, activity.TaskExecutionId));
        var completed = turns[1].NewEvents[1].TaskCompleted;
        Assert.Equal((0, "\"Charge\"", "exec-0"), (completed.TaskScheduledId, completed.Result, completed.TaskExecutionId));
        Assert.Equal((OrchestrationStatus.Completed, "\"done\"", "{}"), (state.WorkflowStatus, state.Output, state.Input));
        Assert.Equal(
            ["WorkflowStarted", "ExecutionStarted", "TaskScheduled", "WorkflowStarted", "TaskCompleted", "TimerCreated", "WorkflowStarted", "EventRaised", "ExecutionCompleted"],
            Kinds(await Hub.HistoryAsync("o1")));
    }

    [Fact]
    public async Task A_failed_activity_reaches_the_workflow_as_its_failure()
    {
        Worker(Sequence("A"), w => w.OnActivity = request => Task.FromResult<ActivityResponse?>(Failed(request, "no")));

        await Hub.StartAsync("f1", "Any");
        var state = await Hub.CompletedAsync("f1");

        Assert.Equal((OrchestrationStatus.Failed, "no"), (state.WorkflowStatus, state.Output));
    }

    [Fact]
    public async Task A_timer_fires_at_its_time()
    {
        var at = DateTimeOffset.UnixEpoch;
        var worker = Worker(request =>
        {
            at = request.NewEvents[0].Timestamp.ToDateTimeOffset().AddMilliseconds(300);
            return request.All().Any(e => e.TimerFired is not null) ? Answer(Complete(1, null)) : Answer(Timer(0, at));
        });

        await Hub.StartAsync("t1", "Sleep");
        await Hub.CompletedAsync("t1");

        var fired = worker.Turns.Last().NewEvents[1];
        Assert.Equal((-1, 0), (fired.EventId, fired.TimerFired.TimerId));
        Assert.True(fired.Timestamp >= fired.TimerFired.FireAt);
        Assert.Equal(worker.Turns.Last().PastEvents.Single(e => e.TimerCreated is not null).TimerCreated.FireAt, fired.TimerFired.FireAt);
    }

    [Fact]
    public async Task An_event_ends_the_oldest_wait_for_its_name_and_only_that_timer()
    {
        var worker = Worker(request =>
        {
            var now = request.NewEvents[0].Timestamp.ToDateTimeOffset();
            var fired = request.All().Where(e => e.TimerFired is not null).Select(e => e.TimerFired.TimerId).ToList();
            return request.PastEvents.Count == 0
                    ? Answer(Timer(0, now.AddSeconds(1), "go"), Timer(1, now.AddSeconds(1), "GO"), Timer(2, now.AddSeconds(1), "other"), Timer(3, now.AddSeconds(1.2)))
                : fired.Contains(3) ? Answer(Complete(4, string.Join(",", fired.Order())))
                : Answer();
        });

        await Hub.StartAsync("e1", "Waits");
        await Hub.RaiseAsync("e1", "Go");

        Assert.Equal("1,2,3", (await Hub.CompletedAsync("e1")).Output);
    }

    [Fact]
    public async Task Continue_as_new_begins_again_with_the_new_input_and_the_carried_events()
    {
        var worker = Worker(request =>
        {
            var start = request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted;
            var raised = request.All().Where(e => e.EventRaised is not null).ToList();
            return start.Input == "1" && raised.Count == 2 ? Answer(Activity(0, "Ignored"), ContinueAsNew(1, "2", raised[1]))
                : start.Input == "2" ? Answer(Complete(0, raised.Single().EventRaised.Input))
                : Answer();
        });

        await Hub.StartAsync("c1", "Loop", "1");
        await Hub.RaiseAsync("c1", "a", "\"x\"");
        await Hub.RaiseAsync("c1", "a", "\"y\"");
        var state = await Hub.CompletedAsync("c1");

        Assert.Equal(("\"y\"", "2"), (state.Output, state.Input));
        var last = worker.Turns.Last();
        Assert.Empty(last.PastEvents);
        Assert.Equal(["WorkflowStarted", "ExecutionStarted", "EventRaised"], Kinds(last.NewEvents));
        Assert.Equal(["WorkflowStarted", "ExecutionStarted", "EventRaised", "ExecutionCompleted"], Kinds(await Hub.HistoryAsync("c1")));
        Assert.Empty(worker.Activities);
    }

    [Fact]
    public async Task A_tight_loop_of_new_runs_rests_after_twenty_and_then_goes_on()
    {
        var worker = Worker(request =>
        {
            var n = int.Parse(request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Input);
            return n < 25 ? Answer(ContinueAsNew(0, $"{n + 1}")) : Answer(Complete(0, $"{n}"));
        });

        await Hub.StartAsync("c2", "Loop", "0");
        var state = await Hub.CompletedAsync("c2");

        Assert.Equal("25", state.Output);
        var rested = worker.Turns.Single(t => t.PastEvents.Count == 2);
        Assert.Equal("20", rested.PastEvents[1].ExecutionStarted.Input);
        Assert.True(rested.NewEvents[0].Timestamp.ToDateTimeOffset() - rested.PastEvents[0].Timestamp.ToDateTimeOffset() > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task The_result_of_an_earlier_run_does_not_count_in_the_next()
    {
        var first = new TaskCompletionSource<ActivityRequest>();
        var worker = Worker(
            request => request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Input == "1"
                ? request.All().Any(e => e.EventRaised is not null) ? Answer(ContinueAsNew(1, "2")) : Answer(Activity(0, "Old"))
                : request.All().FirstOrDefault(e => e.TaskCompleted is not null) is { } done ? Answer(Complete(1, done.TaskCompleted.Result))
                : request.All().Any(e => e.TaskScheduled is not null) ? Answer() : Answer(Activity(0, "New")),
            w => w.OnActivity = request =>
            {
                if (request.Name == "New")
                {
                    return Task.FromResult<ActivityResponse?>(Done(request, "\"new\""));
                }

                first.SetResult(request);
                return Task.FromResult<ActivityResponse?>(null);
            });

        await Hub.StartAsync("g1", "Loop", "1");
        var old = await first.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Hub.RaiseAsync("g1", "next");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("g1")).Any(e => e.TaskScheduled?.Name == "New"), "the second run");
        await worker.AnswerAsync(Done(old, "\"old\""));

        Assert.Equal("\"new\"", (await Hub.CompletedAsync("g1")).Output);
    }

    [Fact]
    public async Task Custom_status_is_that_of_the_last_turn_and_cleared_by_its_absence()
    {
        var worker = Worker(request => request.All().Any(e => e.EventRaised is not null)
            ? Answer()
            : new WorkflowResponse { CustomStatus = "\"busy\"" });

        await Hub.StartAsync("s1", "Any");
        var busy = await Hub.GetAsync("s1");
        await Hub.RaiseAsync("s1", "next");
        await Eventually.TrueAsync(async () => (await Hub.GetAsync("s1"))!.CustomStatus is null, "the status is cleared");

        Assert.Equal("\"busy\"", busy!.CustomStatus);
    }

    [Fact]
    public async Task What_daprd_does_not_do_is_refused_and_the_turn_comes_again_every_second()
    {
        var answers = 0;
        Worker(_ => ++answers switch
        {
            1 => Answer(new WorkflowAction { Id = 0, SendEvent = new SendEventAction { Name = "x", Instance = new Dapr.DurableTask.Protobuf.WorkflowInstance { InstanceId = "y" } } }),
            2 => Answer(new WorkflowAction { Id = 0, TerminateWorkflow = new TerminateWorkflowAction { InstanceId = "y" } }),
            3 => Answer(new WorkflowAction { Id = 0, CreateDetachedWorkflow = new CreateDetachedWorkflowAction { Name = "x" } }),
            _ => Answer(Complete(0, $"{answers}")),
        });

        await Hub.StartAsync("r1", "Any");

        Assert.Equal("4", (await Hub.CompletedAsync("r1")).Output);
        Assert.Equal(["WorkflowStarted", "ExecutionStarted", "ExecutionCompleted"], Kinds(await Hub.HistoryAsync("r1")));
    }

    [Fact]
    public async Task Version_and_patches_are_kept_with_the_turn()
    {
        Worker(_ => new WorkflowResponse
        {
            Version = new WorkflowVersion { Name = "v2", Patches = { "p1" } },
            Actions = { Complete(0, null) },
        });

        await Hub.StartAsync("v1", "Any");
        await Hub.CompletedAsync("v1");

        var version = (await Hub.HistoryAsync("v1"))[0].WorkflowStarted.Version;
        Assert.Equal(("v2", "p1"), (version.Name, Assert.Single(version.Patches)));
    }

    [Fact]
    public async Task The_first_completion_of_an_answer_wins_and_activities_beside_it_still_run()
    {
        var worker = Worker(_ => Answer(Activity(0, "Beside"), Complete(1, "\"one\""), Complete(2, "\"two\"")));

        await Hub.StartAsync("w1", "Any");

        Assert.Equal("\"one\"", (await Hub.CompletedAsync("w1")).Output);
        await Eventually.TrueAsync(() => worker.Activities.Count == 1, "the activity ran");
        Assert.Single(await Hub.HistoryAsync("w1"), e => e.EventTypeCase is EventKind.ExecutionCompleted);
    }
}
