using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class StartTestsInMemory(InMemoryWorkflows store) : StartTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class StartTestsOnRedis(RedisWorkflows store) : StartTests(store), IClassFixture<RedisWorkflows>;

public sealed class StartTestsOnPostgres(PostgresWorkflows store) : StartTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>When a workflow may be started, and what its client waits for.</summary>
public abstract class StartTests(IWorkflowStore store) : WorkflowTests(store)
{
    private const int DeadlineExceeded = 4;
    private const int AlreadyExists = 6;

    [Fact]
    public async Task Starting_waits_until_a_worker_has_taken_the_first_turn()
    {
        var late = await Assert.ThrowsAsync<WireException>(() => Hub.StartAsync("a", "Any", deadline: TimeSpan.FromMilliseconds(300)));
        var pending = await Hub.GetAsync("a");
        Worker(Nothing);
        await Hub.StartedAsync("a");

        Assert.Equal(DeadlineExceeded, late.Code);
        Assert.Equal(OrchestrationStatus.Pending, pending!.WorkflowStatus);
        Assert.Equal(OrchestrationStatus.Running, (await Hub.GetAsync("a"))!.WorkflowStatus);
    }

    // As daprd drops them: whoever needs one puts it into the name or the input.
    [Fact]
    public async Task Version_tags_and_execution_id_of_a_start_are_dropped()
    {
        var worker = Worker(Nothing);

        await Hub.Call<CreateInstanceResponse>("StartInstance", new CreateInstanceRequest { InstanceId = "a", Name = "Any", Version = "2", ExecutionId = "mine", Tags = { ["k"] = "v" } });

        var started = worker.Turns.First().NewEvents.Single(e => e.ExecutionStarted is not null).ExecutionStarted;
        Assert.Equal((null, 0), (started.Version, started.Tags.Count));
        Assert.NotEqual("mine", started.WorkflowInstance.ExecutionId);
    }

    [Fact]
    public async Task A_running_id_cannot_be_started_and_a_finished_one_starts_anew()
    {
        Worker(request => request.All().Any(e => e.EventRaised is not null)
            ? Answer(Complete(0, request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Input)) : Answer());

        await Hub.StartAsync("a", "Any", "1");
        var refused = await Assert.ThrowsAsync<WireException>(() => Hub.StartAsync("a", "Any", "2"));
        await Hub.RaiseAsync("a", "end");
        var first = await Hub.CompletedAsync("a");
        await Hub.StartAsync("a", "Any", "3");
        var running = await Hub.GetAsync("a");
        await Hub.RaiseAsync("a", "end");

        Assert.Equal((AlreadyExists, "an active workflow with ID 'a' already exists"), (refused.Code, refused.Detail));
        Assert.Equal("1", first.Output);
        Assert.Equal((OrchestrationStatus.Running, null), (running!.WorkflowStatus, running.Output));
        Assert.Equal("3", (await Hub.CompletedAsync("a")).Output);
        Assert.Single(await Hub.HistoryAsync("a"), e => e.ExecutionStarted is not null);
    }

    [Fact]
    public async Task A_finished_id_is_not_started_anew_while_a_child_of_it_runs()
    {
        Worker(request => request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Name switch
        {
            "Parent" => Answer(Child(0, "Child", "kid"), Complete(1, null)),
            _ => request.All().Any(e => e.EventRaised is not null) ? Answer(Complete(0, null)) : Answer(),
        });

        await Hub.StartAsync("a", "Parent");
        await Hub.CompletedAsync("a");
        await Hub.StartedAsync("kid");
        var refused = await Assert.ThrowsAsync<WireException>(() => Hub.StartAsync("a", "Parent"));
        await Hub.RaiseAsync("kid", "end");
        await Hub.CompletedAsync("kid");
        await Hub.StartAsync("a", "Parent");

        Assert.Equal((AlreadyExists, "cannot recreate workflow with ID 'a'"), (refused.Code, refused.Detail));
    }

    [Fact]
    public async Task A_scheduled_start_answers_at_once_and_runs_when_it_is_due()
    {
        var at = TimeProvider.System.GetUtcNow().AddMilliseconds(700);
        var worker = Worker(_ => Answer(Complete(0, null)));

        await Hub.StartAsync("a", "Any", at: at);
        var pending = await Hub.GetAsync("a");
        await Hub.CompletedAsync("a");

        Assert.Equal(OrchestrationStatus.Pending, pending!.WorkflowStatus);
        Assert.True(worker.Turns.Single().NewEvents[0].Timestamp.ToDateTimeOffset() >= at);
    }

    [Fact]
    public async Task Waiting_for_an_unknown_instance_lasts_until_it_is_there()
    {
        var late = await Assert.ThrowsAsync<WireException>(() => Hub.CompletedAsync("a", TimeSpan.FromMilliseconds(200)));
        var waiting = Hub.CompletedAsync("a");
        Worker(_ => Answer(Complete(0, "\"x\"")));
        await Hub.StartAsync("a", "Any");

        Assert.Equal(DeadlineExceeded, late.Code);
        Assert.Equal("\"x\"", (await waiting).Output);
    }
}
