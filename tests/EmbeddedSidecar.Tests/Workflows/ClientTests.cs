using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class ClientTestsInMemory(InMemoryWorkflows store) : ClientTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class ClientTestsOnRedis(RedisWorkflows store) : ClientTests(store), IClassFixture<RedisWorkflows>;

public sealed class ClientTestsOnPostgres(PostgresWorkflows store) : ClientTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>What a client may ask about workflows and is told of them.</summary>
public abstract class ClientTests(IWorkflowStore store) : WorkflowTests(store)
{
    private const int NotFound = 5;

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
