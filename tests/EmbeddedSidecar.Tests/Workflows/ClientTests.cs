using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class ClientTestsInMemory(InMemoryWorkflows store) : ClientTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class ClientTestsOnRedis(RedisWorkflows store) : ClientTests(store), IClassFixture<RedisWorkflows>;

public sealed class ClientTestsOnPostgres(PostgresWorkflows store) : ClientTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>What a client may ask and what it is told.</summary>
public abstract class ClientTests(IWorkflowStore store) : WorkflowTests(store)
{
    private const int Unknown = 2;
    private const int DeadlineExceeded = 4;
    private const int NotFound = 5;
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
    public async Task Payloads_are_told_only_when_asked_for()
    {
        Worker(_ => new WorkflowResponse { CustomStatus = "\"c\"", Actions = { Complete(0, "\"out\"") } });

        await Hub.StartAsync("a", "Any", "\"in\"");
        await Hub.CompletedAsync("a");
        var bare = await Hub.GetAsync("a", payloads: false);
        var full = await Hub.GetAsync("a");

        Assert.Equal((null, null, null), (bare!.Input, bare.Output, bare.CustomStatus));
        Assert.Equal(("\"in\"", "\"out\"", "\"c\""), (full!.Input, full.Output, full.CustomStatus));
        Assert.Equal(("Any", OrchestrationStatus.Completed), (full.Name, full.WorkflowStatus));
        Assert.NotNull(full.CreatedTimestamp);
        Assert.NotNull(full.StartedAt);
        Assert.Null(await Hub.GetAsync("unknown"));
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

    [Fact]
    public async Task Listing_pages_through_every_id_once()
    {
        Worker(_ => Answer(Complete(0, null)));
        var ids = Enumerable.Range(0, 7).Select(i => $"id-{i}").ToList();
        foreach (var id in ids)
        {
            await Hub.StartAsync(id, "Any");
        }

        var pages = new List<ListInstanceIDsResponse>();
        var request = new ListInstanceIDsRequest { PageSize = 3 };
        do
        {
            pages.Add(await Hub.Call<ListInstanceIDsResponse>("ListInstanceIDs", request));
            request.ContinuationToken = pages[^1].ContinuationToken;
        }
        while (pages[^1].HasContinuationToken);

        Assert.Equal([3, 3, 1], pages.Select(p => p.InstanceIds.Count));
        Assert.Equal(ids, pages.SelectMany(p => p.InstanceIds).Order());
    }

    [Fact]
    public async Task A_rerun_takes_the_history_before_the_event_and_does_the_event_again()
    {
        var worker = Worker(Sequence("A", "B"), w => w.OnActivity = request =>
            Task.FromResult<ActivityResponse?>(Done(request, $"\"{request.Name}{request.Input}\"")));
        await Hub.StartAsync("a", "Any");
        await Hub.CompletedAsync("a");

        await Hub.Call<RerunWorkflowFromEventResponse>("RerunWorkflowFromEvent", new RerunWorkflowFromEventRequest
        {
            SourceInstanceID = "a", EventID = 1, NewInstanceID = "b", OverwriteInput = true, Input = "7",
        });
        var state = await Hub.CompletedAsync("b");
        var missing = await Assert.ThrowsAsync<WireException>(() => Rerun("a", 9));
        var unknown = await Assert.ThrowsAsync<WireException>(() => Rerun("zzz", 0));

        Assert.Equal("\"A\",\"B7\"", state.Output);
        Assert.Equal(["A", "B", "B"], worker.Activities.Select(a => a.Name));
        Assert.Equal("a", (await Hub.HistoryAsync("b")).Single(e => e.EventId == 1).TaskScheduled.RerunParentInstanceInfo.InstanceID);
        Assert.Equal((NotFound, NotFound), (missing.Code, unknown.Code));
    }

    [Fact]
    public async Task The_history_of_an_unknown_instance_is_not_found() =>
        Assert.Equal(NotFound, (await Assert.ThrowsAsync<WireException>(() => Hub.HistoryAsync("unknown"))).Code);

    private Task<RerunWorkflowFromEventResponse> Rerun(string source, uint eventId) => Hub.Call<RerunWorkflowFromEventResponse>(
        "RerunWorkflowFromEvent", new RerunWorkflowFromEventRequest { SourceInstanceID = source, EventID = eventId });
}
