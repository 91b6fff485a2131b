using System.Text;
using Dapr.DurableTask.Protobuf;
using Dapr.DurableTask.Protobuf.Backend;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.State;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class DurabilityTestsOnRedis(RedisWorkflows store) : DurabilityTests(store), IClassFixture<RedisWorkflows>;

public sealed class DurabilityTestsOnPostgres(PostgresWorkflows store) : DurabilityTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>What lies in the store, and what a start makes of it.</summary>
public abstract class DurabilityTests(IWorkflowStore store) : WorkflowTests(store)
{
    private string _retention = "";

    private protected override IEnumerable<AppSettings> Apps => [Settings(AppId) with { InlineResources = Component + _retention }];

    private IStateStore Store => Host.Apps[0].Embedded.Instance.ActorStateStore!.Store;

    [Fact]
    public async Task Instances_lie_in_the_store_as_daprd_lays_them()
    {
        Worker(Sequence("A", "B"), w => w.OnActivity = request =>
            Task.FromResult(request.Name == "A" ? Done(request, "1") : null));

        await Hub.StartAsync("x", "Any", "in");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("x")).Count == 6, "the second activity is scheduled");
        var prefix = $"{AppId}||dapr.internal.default.{AppId}.workflow||x||";
        var keys = await KeysAsync(prefix);
        var metadata = BackendWorkflowStateMetadata.Parser.ParseFrom((await Store.GetAsync(prefix + "metadata", default))!.Data);
        var second = HistoryEvent.Parser.ParseFrom((await Store.GetAsync(prefix + "history-000001", default))!.Data);

        Assert.Equal([.. Enumerable.Range(0, 6).Select(i => $"{prefix}history-{i:D6}"), prefix + "metadata"], keys);
        Assert.Equal((6UL, 0UL), (metadata.HistoryLength, metadata.InboxLength));
        Assert.Equal(("Any", "in"), (second.ExecutionStarted.Name, second.ExecutionStarted.Input));
    }

    [Fact]
    public async Task A_finished_instance_leaves_the_index_and_a_running_one_is_in_it()
    {
        Worker(request => request.All().Any(e => e.EventRaised is not null) ? Answer(Complete(0, null)) : Answer());

        await Hub.StartAsync("runs", "Any");
        await Hub.StartAsync("ends", "Any");
        await Hub.RaiseAsync("ends", "go");
        await Hub.CompletedAsync("ends");

        var slot = Assert.Single(await KeysAsync($"{AppId}||dapr.internal.default.{AppId}.live||"), k => k.EndsWith("||slot", StringComparison.Ordinal));
        Assert.Equal("runs", Encoding.UTF8.GetString((await Store.GetAsync(slot, default))!.Data));
    }

    [Fact]
    public async Task After_a_restart_events_activities_timers_and_parents_are_taken_up()
    {
        Worker(FamilyOrLeaf, w => w.OnActivity = _ => Task.FromResult<ActivityResponse?>(null));
        await Hub.StartAsync("p", "Parent");
        await Hub.StartedAsync("kid");
        await Hub.StartAsync("later", "Leaf", at: TimeProvider.System.GetUtcNow().AddSeconds(1));
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("kid")).Count == 3, "the child's activity is scheduled");

        await RestartAsync();
        var worker = Worker(FamilyOrLeaf);

        Assert.Equal("\"Leaf\"", (await Hub.CompletedAsync("p")).Output);
        await Hub.CompletedAsync("later");
        Assert.Equal(2, worker.Activities.Count);
    }

    [Fact]
    public async Task A_child_that_ended_unnoticed_is_told_to_its_parent_at_the_next_start()
    {
        Worker(FamilyOrLeaf);
        await Hub.StartAsync("p", "Parent");
        await Hub.CompletedAsync("p");
        var prefix = $"{AppId}||dapr.internal.default.{AppId}.workflow||p||";
        var history = await Hub.HistoryAsync("p");
        var created = history.ToList().FindIndex(e => e.ChildWorkflowInstanceCreated is not null);

        // As if the process had died after the child's last write and before the parent's: the parent waits, the child is done.
        var operations = Enumerable.Range(created + 1, history.Count - created - 1).Select(i => StateOperation.Delete($"{prefix}history-{i:D6}")).ToList();
        operations.Add(StateOperation.Upsert(prefix + "metadata", Google.Protobuf.MessageExtensions.ToByteArray(
            new BackendWorkflowStateMetadata { HistoryLength = (ulong)created + 1 })));
        operations.Add(StateOperation.Upsert($"{AppId}||dapr.internal.default.{AppId}.live||000005||slot", Encoding.UTF8.GetBytes("p")));
        await Store.TransactAsync(operations, allOrNothing: true, default);
        await RestartAsync();
        Worker(FamilyOrLeaf);

        Assert.Equal("\"Leaf\"", (await Hub.CompletedAsync("p")).Output);
    }

    [Fact]
    public async Task Instances_that_a_daprd_left_running_are_adopted()
    {
        Worker(FamilyOrLeaf, w => w.OnActivity = _ => Task.FromResult<ActivityResponse?>(null));
        await Hub.StartAsync("a", "Leaf");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("a")).Count == 3, "the activity is scheduled");
        foreach (var key in await KeysAsync($"{AppId}||dapr.internal.default.{AppId}.live||"))
        {
            await Store.ApplyAsync(StateOperation.Delete(key), default);
        }

        await RestartAsync();
        Worker(FamilyOrLeaf);

        Assert.Equal("\"Leaf\"", (await Hub.CompletedAsync("a")).Output);
    }

    [Fact]
    public async Task An_adoption_that_was_broken_off_goes_on_at_the_next_start()
    {
        Worker(FamilyOrLeaf, w => w.OnActivity = _ => Task.FromResult<ActivityResponse?>(null));
        await Hub.StartAsync("a", "Leaf");
        await Hub.StartAsync("b", "Leaf");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("a")).Count == 3 && (await Hub.HistoryAsync("b")).Count == 3, "the activities are scheduled");
        var prefix = $"{AppId}||dapr.internal.default.{AppId}.live||";
        foreach (var key in await KeysAsync(prefix))
        {
            if (key.EndsWith("||slot", StringComparison.Ordinal) && Encoding.UTF8.GetString((await Store.GetAsync(key, default))!.Data) == "b")
            {
                await Store.ApplyAsync(StateOperation.Delete(key), default);
            }
        }

        await Store.ApplyAsync(StateOperation.Upsert(prefix + "all||adopting", "1"u8.ToArray()), default);
        await RestartAsync();
        Worker(FamilyOrLeaf);

        Assert.Equal("\"Leaf\"", (await Hub.CompletedAsync("a")).Output);
        Assert.Equal("\"Leaf\"", (await Hub.CompletedAsync("b")).Output);
        await Eventually.TrueAsync(async () => !(await KeysAsync(prefix)).Contains(prefix + "all||adopting"), "nothing is left to adopt");
    }

    [Fact]
    public async Task Another_writer_is_noticed_and_its_version_goes_on()
    {
        Worker(request => request.All().Any(e => e.EventRaised is not null)
            ? Answer(Complete(0, request.All().First(e => e.EventRaised is not null).EventRaised.Input)) : Answer());
        await Hub.StartAsync("a", "Any");
        await Eventually.TrueAsync(async () => (await Hub.HistoryAsync("a")).Count == 2, "the first turn is stored");
        var key = $"{AppId}||dapr.internal.default.{AppId}.workflow||a||metadata";
        var metadata = (await Store.GetAsync(key, default))!;
        await Store.ApplyAsync(StateOperation.Upsert(key, metadata.Data), default);

        await Assert.ThrowsAsync<WireException>(() => Hub.RaiseAsync("a", "go", "lost"));
        await Hub.RaiseAsync("a", "go", "kept");

        Assert.Equal("kept", (await Hub.CompletedAsync("a")).Output);
    }

    [Fact]
    public async Task Finished_instances_go_when_their_retention_is_over_also_after_a_restart()
    {
        _retention = """

            ---
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: { name: config }
            spec:
              workflow:
                stateRetentionPolicy: { completed: 1500ms }
            """;
        await RestartAsync();
        Worker(_ => Answer(Complete(0, null)));
        await Hub.StartAsync("a", "Any");
        await Hub.CompletedAsync("a");

        await RestartAsync();
        var kept = await Hub.GetAsync("a");

        await Eventually.TrueAsync(async () => await Hub.GetAsync("a") is null, "it is purged");
        Assert.NotNull(kept);
        Assert.DoesNotContain(await KeysAsync($"{AppId}||"), k => k.EndsWith("||slot", StringComparison.Ordinal));
    }

    // A parent with one child "kid"; any other workflow does one activity.
    private static WorkflowResponse FamilyOrLeaf(WorkflowRequest request) =>
        request.All().First(e => e.ExecutionStarted is not null).ExecutionStarted.Name != "Parent" ? Sequence("Leaf")(request)
        : request.All().FirstOrDefault(e => e.ChildWorkflowInstanceCompleted is not null) is { } done
            ? Answer(Complete(1, done.ChildWorkflowInstanceCompleted.Result))
        : request.All().Any(e => e.ChildWorkflowInstanceCreated is not null) ? Answer() : Answer(Child(0, "Leaf", "kid"));

    private async Task<List<string>> KeysAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var key in Store.KeysAsync(prefix, "", default))
        {
            keys.Add(key);
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }
}
