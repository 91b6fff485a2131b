using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class ControlTestsInMemory(InMemoryWorkflows store) : ControlTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class ControlTestsOnRedis(RedisWorkflows store) : ControlTests(store), IClassFixture<RedisWorkflows>;

public sealed class ControlTestsOnPostgres(PostgresWorkflows store) : ControlTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>What a client does to workflows that were started: events, pauses and ends.</summary>
public abstract class ControlTests(IWorkflowStore store) : WorkflowTests(store)
{
    private const int Unknown = 2;

    [Fact]
    public async Task Events_arrive_in_order_are_refused_for_unknown_and_vanish_for_finished_instances()
    {
        var worker = Worker(request => request.All().Count(e => e.EventRaised is not null) is 20
            ? Answer(Complete(0, string.Join(",", request.All().Where(e => e.EventRaised is not null).Select(e => e.EventRaised.Input))))
            : Answer());

        var refused = await Assert.ThrowsAsync<WireException>(() => Hub.RaiseAsync("a", "n", "0"));
        await Hub.StartAsync("a", "Any");
        for (var i = 0; i < 20; i++)
        {
            await Hub.RaiseAsync("a", "n", $"{i}");
        }

        var done = await Hub.CompletedAsync("a");
        await Hub.RaiseAsync("a", "n", "late");

        Assert.Contains("no such instance exists", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(string.Join(",", Enumerable.Range(0, 20)), done.Output);
        Assert.Equal(20, (await Hub.HistoryAsync("a")).Count(e => e.EventRaised is not null));
    }

    [Fact]
    public async Task Terminate_ends_a_workflow_whose_worker_does_not_end_it_even_one_that_starts_anew()
    {
        Worker(request => request.NewEvents.Any(e => e.ExecutionTerminated is not null) ? Answer(Activity(5, "No"), ContinueAsNew(6, "again")) : Answer());

        await Hub.StartAsync("a", "Any");
        await Hub.TerminateAsync("a", "\"stop\"");
        var state = await Hub.GetAsync("a");
        await Hub.TerminateAsync("a");

        Assert.Equal((OrchestrationStatus.Terminated, "\"stop\""), (state!.WorkflowStatus, state.Output));
        Assert.DoesNotContain(await Hub.HistoryAsync("a"), e => e.TaskScheduled is not null);
        await Assert.ThrowsAsync<WireException>(() => Hub.TerminateAsync("unknown"));
    }

    [Fact]
    public async Task Terminate_reaches_the_children_when_it_is_recursive()
    {
        Worker(request => request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Name == "Parent" && request.PastEvents.Count == 0
            ? Answer(Child(0, "Child", $"kid-of-{request.InstanceId}")) : Answer());

        foreach (var id in (string[])["a", "b"])
        {
            await Hub.StartAsync(id, "Parent");
            await Hub.StartedAsync($"kid-of-{id}");
        }

        await Hub.TerminateAsync("a");
        await Hub.TerminateAsync("b", recursive: true);

        Assert.Equal(OrchestrationStatus.Terminated, (await Hub.CompletedAsync("kid-of-b")).WorkflowStatus);
        Assert.Equal(OrchestrationStatus.Running, (await Hub.GetAsync("kid-of-a"))!.WorkflowStatus);
    }

    [Fact]
    public async Task A_suspended_workflow_still_hears_and_goes_on_after_resume()
    {
        var worker = Worker(request =>
        {
            var last = request.All().Last(e => e.ExecutionSuspended is not null || e.ExecutionResumed is not null || e.ExecutionStarted is not null);
            return last.ExecutionSuspended is null && request.All().FirstOrDefault(e => e.EventRaised is not null) is { } raised
                ? Answer(Complete(0, raised.EventRaised.Input)) : Answer();
        });

        await Hub.StartAsync("a", "Any");
        await Hub.SuspendAsync("a");
        var suspended = await Hub.GetAsync("a");
        await Hub.RaiseAsync("a", "go", "1");
        await Eventually.TrueAsync(() => worker.Turns.Any(t => t.NewEvents.Any(e => e.EventRaised is not null)), "the event wakes a turn");
        var stillSuspended = await Hub.GetAsync("a");
        await Hub.ResumeAsync("a");

        Assert.Equal(OrchestrationStatus.Suspended, suspended!.WorkflowStatus);
        Assert.Equal(OrchestrationStatus.Suspended, stillSuspended!.WorkflowStatus);
        Assert.Equal("1", (await Hub.CompletedAsync("a")).Output);
    }

    [Fact]
    public async Task Purge_removes_finished_instances_with_their_children_and_refuses_others()
    {
        Worker(request => request.All().Single(e => e.ExecutionStarted is not null).ExecutionStarted.Name switch
        {
            "Parent" => request.All().Any(e => e.ChildWorkflowInstanceCompleted is not null) ? Answer(Complete(1, null))
                : request.PastEvents.Count == 0 ? Answer(Child(0, "Leaf")) : Answer(),
            "Leaf" => Answer(Complete(0, null)),
            _ => Answer(),
        });
        await Hub.StartAsync("a", "Parent");
        await Hub.StartAsync("b", "Waits");
        await Hub.CompletedAsync("a");

        var unknown = await Assert.ThrowsAsync<WireException>(() => Hub.PurgeAsync("unknown"));
        var running = await Assert.ThrowsAsync<WireException>(() => Hub.PurgeAsync("b"));
        var filter = await Assert.ThrowsAsync<WireException>(() =>
            Hub.Call<PurgeInstancesResponse>("PurgeInstances", new PurgeInstancesRequest { PurgeInstanceFilter = new PurgeInstanceFilter() }));
        var purged = await Hub.PurgeAsync("a", recursive: true);
        var forced = await Hub.PurgeAsync("b", force: true);

        Assert.Equal((Unknown, "no such instance exists"), (unknown.Code, unknown.Detail));
        Assert.Equal((Unknown, "orchestration has not yet completed"), (running.Code, running.Detail));
        Assert.NotEqual(0, filter.Code);
        Assert.Equal((2, 1), (purged, forced));
        Assert.Null(await Hub.GetAsync("a"));
        Assert.Null(await Hub.GetAsync("a:0000"));
        Assert.Null(await Hub.GetAsync("b"));
        Assert.Empty((await Hub.Call<ListInstanceIDsResponse>("ListInstanceIDs", new ListInstanceIDsRequest())).InstanceIds);
    }
}
