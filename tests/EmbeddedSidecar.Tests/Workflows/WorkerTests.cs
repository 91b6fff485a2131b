using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class WorkerTestsInMemory(InMemoryWorkflows store) : WorkerTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class WorkerTestsOnRedis(RedisWorkflows store) : WorkerTests(store), IClassFixture<RedisWorkflows>;

public sealed class WorkerTestsOnPostgres(PostgresWorkflows store) : WorkerTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>Workers that come, go, repeat themselves and disagree. Two replicas of the app, one queue.</summary>
public abstract class WorkerTests(IWorkflowStore store) : WorkflowTests(store)
{
    private protected override IEnumerable<AppSettings> Apps => [Settings(AppId), Settings(AppId)];

    [Fact]
    public async Task Streams_of_all_replicas_share_the_work_and_each_item_goes_to_one()
    {
        var first = Worker(Sequence("A", "B"), app: 0);
        var second = Worker(Sequence("A", "B"), app: 1);

        await Parallel.ForAsync(0, 40, async (i, _) =>
        {
            await Hub.StartAsync($"w{i}", "Any");
            await Hub.CompletedAsync($"w{i}");
        });

        Assert.Equal(80, first.Activities.Count + second.Activities.Count);
        Assert.Equal(120, first.Turns.Count + second.Turns.Count);
        Assert.NotEmpty(first.Activities);
        Assert.NotEmpty(second.Activities);
    }

    [Fact]
    public async Task What_was_out_on_a_broken_stream_goes_to_the_next_worker()
    {
        var dead = Worker(_ => null);
        var start = Hub.StartAsync("a", "Any");
        await Eventually.TrueAsync(() => dead.Turns.Count == 1, "the turn is out");
        await dead.DisposeAsync();
        var stuck = Worker(Sequence("A"), w => w.OnActivity = _ => Task.FromResult<ActivityResponse?>(null));
        await start;
        await Eventually.TrueAsync(() => stuck.Activities.Count == 1, "the activity is out");
        await stuck.DisposeAsync();
        var healthy = Worker(Sequence("A"));

        Assert.Equal("\"A\"", (await Hub.CompletedAsync("a")).Output);
        Assert.Equal(dead.Turns.Single().NewEvents, stuck.Turns.First().NewEvents);
        Assert.Equal(stuck.Activities.Single(), healthy.Activities.Single());
    }

    [Fact]
    public async Task A_late_answer_to_a_broken_stream_counts_once_and_its_repetition_is_ignored()
    {
        var dead = Worker(_ => null);
        var start = Hub.StartAsync("a", "Any");
        await Eventually.TrueAsync(() => dead.Turns.Count == 1, "the turn is out");
        await dead.DisposeAsync();
        var second = Worker(_ => null, w => w.EchoesTokens = true);
        await Eventually.TrueAsync(() => second.Turns.Count == 1, "the turn is out again");
        var late = Answer(Activity(0, "A"));
        late.InstanceId = "a";

        await second.AnswerAsync(late);
        await start;
        await Eventually.TrueAsync(() => second.Turns.Count == 2, "the turn after the activity");
        await second.AnswerAsync(late);
        second.OnTurn = Sequence("A");
        await second.DisposeAsync();
        Worker(Sequence("A"));

        Assert.Equal("\"A\"", (await Hub.CompletedAsync("a")).Output);
        Assert.Single(await Hub.HistoryAsync("a"), e => e.TaskScheduled is not null);
    }

    [Fact]
    public async Task Answers_nobody_waits_for_are_accepted_and_ignored()
    {
        var worker = Worker(Sequence("A", "B"));
        await Hub.StartAsync("a", "Any");
        await Hub.CompletedAsync("a");
        var before = await Hub.HistoryAsync("a");

        await worker.AnswerAsync(new WorkflowResponse { InstanceId = "a" });
        await worker.AnswerAsync(new WorkflowResponse { InstanceId = "unknown" });
        await worker.AnswerAsync(new ActivityResponse { InstanceId = "a", TaskId = 0, Result = "x" });
        await worker.AnswerAsync(new ActivityResponse { InstanceId = "unknown", TaskId = 3 });

        Assert.Equal(before, await Hub.HistoryAsync("a"));
    }

    [Fact]
    public async Task Changed_patches_stall_the_instance_until_a_matching_worker_comes()
    {
        var patches = new[] { "one", "two" };
        var worker = Worker(request =>
        {
            var response = request.All().Any(e => e.EventRaised is not null) ? Answer(Complete(0, null)) : Answer();
            response.Version = new WorkflowVersion { Patches = { patches } };
            return response;
        });
        await Hub.StartAsync("a", "Any");
        patches = ["two"];
        await Hub.RaiseAsync("a", "go");
        await Eventually.TrueAsync(async () => (await Hub.GetAsync("a"))!.WorkflowStatus == OrchestrationStatus.Stalled, "it stalls");
        var refused = await Assert.ThrowsAsync<WireException>(() => Hub.RaiseAsync("a", "go"));
        patches = ["one", "two", "three"];
        Worker(worker.OnTurn, app: 1);

        Assert.Equal(OrchestrationStatus.Completed, (await Hub.CompletedAsync("a")).WorkflowStatus);
        Assert.Equal("workflow is stalled", refused.Detail);
        var stalled = Assert.Single(await Hub.HistoryAsync("a"), e => e.ExecutionStalled is not null);
        Assert.Equal(StalledReason.PatchMismatch, stalled.ExecutionStalled.Reason);
    }

    [Fact]
    public async Task A_version_no_worker_has_stalls_and_a_turn_too_large_does_too()
    {
        Worker(request => request.InstanceId == "v"
            ? Answer(new WorkflowAction { WorkflowVersionNotAvailable = new WorkflowVersionNotAvailableAction() })
            : request.All().Any(e => e.EventRaised is not null) ? Answer(Complete(0, null))
            : Answer());

        var start = Hub.StartAsync("v", "Any");
        await Hub.StartAsync("p", "Any", new string('x', 2_000_000));
        await Hub.RaiseAsync("p", "big", new string('y', 2_000_000));
        await Eventually.TrueAsync(async () => (await Hub.GetAsync("p"))!.WorkflowStatus == OrchestrationStatus.Stalled, "the large one stalls");
        await start;

        Assert.Equal(OrchestrationStatus.Stalled, (await Hub.GetAsync("v"))!.WorkflowStatus);
        Assert.Equal(
            StalledReason.PayloadSizeExceeded, (await Hub.HistoryAsync("p"))[^1].ExecutionStalled.Reason);
    }

    [Fact]
    public async Task An_activity_input_too_large_stalls_its_workflow()
    {
        Worker(_ => Answer(Activity(0, "A", new string('x', 4_100_000))));

        await Hub.StartAsync("a", "Any");

        await Eventually.TrueAsync(async () => (await Hub.GetAsync("a"))!.WorkflowStatus == OrchestrationStatus.Stalled, "it stalls");
        Assert.DoesNotContain(await Hub.HistoryAsync("a"), e => e.TaskScheduled is not null);
    }
}
