using Dapr.DurableTask.Protobuf;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class ChildTestsInMemory(InMemoryWorkflows store) : ChildTests(store), IClassFixture<InMemoryWorkflows>;

public sealed class ChildTestsOnRedis(RedisWorkflows store) : ChildTests(store), IClassFixture<RedisWorkflows>;

public sealed class ChildTestsOnPostgres(PostgresWorkflows store) : ChildTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>Workflows that start workflows, in their own app and in another one.</summary>
public abstract class ChildTests(IWorkflowStore store) : WorkflowTests(store)
{
    private string Other => AppId + "-other";

    private protected override IEnumerable<AppSettings> Apps => [Settings(AppId), Settings(Other)];

    [Fact]
    public async Task A_child_gets_a_derived_id_knows_its_parent_and_gives_its_result()
    {
        var worker = Worker(request => Name(request) == "Child" ? Answer(Complete(0, "\"from child\""))
            : request.All().FirstOrDefault(e => e.ChildWorkflowInstanceCompleted is not null) is { } done
                ? Answer(Complete(11, done.ChildWorkflowInstanceCompleted.Result))
            : request.PastEvents.Count == 0 ? Answer(Child(10, "Child")) : Answer());

        await Hub.StartAsync("p", "Parent");

        Assert.Equal("\"from child\"", (await Hub.CompletedAsync("p")).Output);
        var child = await Hub.GetAsync("p:000a");
        Assert.Equal(("p", AppId), (child!.ParentInstanceId, child.ParentAppId));
        var parent = worker.Turns.First(t => Name(t) == "Child").NewEvents[1].ExecutionStarted.ParentInstance;
        Assert.Equal((10, "Parent", "p", AppId), (parent.TaskScheduledId, parent.Name, parent.WorkflowInstance.InstanceId, parent.AppID));
    }

    [Fact]
    public async Task A_failed_child_and_an_id_in_use_both_reach_the_parent_as_failures()
    {
        Worker(request => Name(request) switch
        {
            "Fails" => Answer(new WorkflowAction
            {
                CompleteWorkflow = new CompleteWorkflowAction
                {
                    WorkflowStatus = OrchestrationStatus.Failed, FailureDetails = new TaskFailureDetails { ErrorType = "Broken", ErrorMessage = "x" },
                },
            }),
            "Waits" => Answer(),
            _ when request.PastEvents.Count == 0 => Answer(Child(0, "Fails"), Child(1, "Waits", "taken")),
            _ => request.All().Where(e => e.ChildWorkflowInstanceFailed is not null).ToList() is { Count: 2 } failed
                ? Answer(Complete(2, string.Join(",", failed.Select(e => e.ChildWorkflowInstanceFailed).OrderBy(e => e.TaskScheduledId).Select(e => e.FailureDetails.ErrorType))))
                : Answer(),
        });
        await Hub.StartAsync("taken", "Waits");

        await Hub.StartAsync("p", "Parent");

        Assert.Equal("Broken,WorkflowInstanceAlreadyExists", (await Hub.CompletedAsync("p")).Output);
        Assert.Equal(OrchestrationStatus.Running, (await Hub.GetAsync("taken"))!.WorkflowStatus);
    }

    [Fact]
    public async Task A_finished_child_id_can_be_used_again_as_retries_do()
    {
        Worker(request => Name(request) == "Child"
            ? Answer(Complete(0, request.NewEvents[1].ExecutionStarted.ParentInstance.TaskScheduledId.ToString()))
            : request.All().Where(e => e.ChildWorkflowInstanceCompleted is not null).ToList() switch
            {
                { Count: 2 } done => Answer(Complete(2, done[1].ChildWorkflowInstanceCompleted.Result)),
                { Count: 1 } => Answer(Child(1, "Child", "kid")),
                _ => Answer(Child(0, "Child", "kid")),
            });

        await Hub.StartAsync("p", "Parent");

        Assert.Equal("1", (await Hub.CompletedAsync("p")).Output);
    }

    [Fact]
    public async Task A_child_id_can_be_used_again_the_moment_its_run_has_told_the_parent()
    {
        const int Runs = 40;
        var parents = Enumerable.Range(0, 16).Select(i => $"p{i}").ToList();
        Worker(request => Name(request) == "Child"
            ? Answer(Complete(0, null))
            : request.All().Count(e => e.ChildWorkflowInstanceCompleted is not null) is var done && done < Runs
                ? Answer(Child(done, "Child", request.InstanceId + "-kid")) : Answer(Complete(Runs, null)));

        await Task.WhenAll(parents.Select(parent => Hub.StartAsync(parent, "Parent")));

        foreach (var parent in parents)
        {
            await Hub.CompletedAsync(parent);
            Assert.Equal(Runs, (await Hub.HistoryAsync(parent)).Count(e => e.ChildWorkflowInstanceCompleted is not null));
        }
    }

    [Fact]
    public async Task Activities_and_children_of_another_app_run_at_its_worker_and_answer_here()
    {
        var here = Worker(request =>
        {
            if (request.PastEvents.Count == 0)
            {
                var remote = Activity(0, "There");
                remote.ScheduleTask.Router = new TaskRouter { TargetAppID = Other };
                return Answer(remote, Child(1, "Child", "kid", Other));
            }

            return request.All().Any(e => e.TaskCompleted is not null)
                && request.All().FirstOrDefault(e => e.ChildWorkflowInstanceCompleted is not null) is { } child
                ? Answer(Complete(2, child.ChildWorkflowInstanceCompleted.Result)) : Answer();
        });
        var there = Worker(_ => Answer(Complete(0, "\"remote\"")), app: 1);

        await Hub.StartAsync("p", "Parent");

        Assert.Equal("\"remote\"", (await Hub.CompletedAsync("p")).Output);
        Assert.Empty(here.Activities);
        Assert.Equal("There", there.Activities.Single().Name);
        Assert.Null(await Hub.GetAsync("kid"));
        var scheduled = (await Hub.HistoryAsync("p")).First(e => e.TaskScheduled is not null).Router;
        Assert.Equal((AppId, Other), (scheduled.SourceAppID, scheduled.TargetAppID));
        await Hub.PurgeAsync("p", recursive: true);
        using var otherHub = new TaskHub(Host.Apps[1].GrpcEndpoint);
        Assert.Null(await otherHub.GetAsync("kid"));
    }

    [Fact]
    public async Task The_start_of_a_run_says_which_app_it_is_in()
    {
        static TaskRouter? Router(WorkflowRequest request) => request.All().Last(e => e.ExecutionStarted is not null).Router;
        var seen = new System.Collections.Concurrent.ConcurrentQueue<TaskRouter?>();
        Worker(request =>
        {
            seen.Enqueue(Router(request));
            return seen.Count switch
            {
                1 => Answer(ContinueAsNew(0, "2")),
                2 => Answer(Child(0, "Child", "kid", Other)),
                _ => Answer(Complete(1, null)),
            };
        });
        var there = new System.Collections.Concurrent.ConcurrentQueue<TaskRouter?>();
        Worker(
            request =>
            {
                there.Enqueue(Router(request));
                return Answer(Complete(0, null));
            },
            app: 1);

        await Hub.StartAsync("p", "Parent");
        await Hub.CompletedAsync("p");

        var own = new TaskRouter { SourceAppID = AppId };
        Assert.Equal([own, own, own], seen);
        Assert.Equal(new TaskRouter { SourceAppID = AppId, TargetAppID = Other }, Assert.Single(there));
    }

    [Fact]
    public async Task History_goes_along_to_those_it_was_asked_for()
    {
        var worker = Worker(request =>
        {
            if (Name(request) == "Child")
            {
                return request.PastEvents.Count == 0
                    ? Answer(Asking(Activity(0, "Sees"), HistoryPropagationScope.Lineage)) : Answer(Complete(1, null));
            }

            var child = Child(0, "Child");
            child.CreateChildWorkflow.HistoryPropagationScope = HistoryPropagationScope.OwnHistory;
            return request.PastEvents.Count == 0 ? Answer(child) : Answer(Complete(1, null));
        });

        await Hub.StartAsync("p", "Parent");
        await Hub.CompletedAsync("p");

        var childTurns = worker.Turns.Where(t => Name(t) == "Child").ToList();
        Assert.All(childTurns, t => Assert.Equal("p", t.PropagatedHistory.Chunks.Single().InstanceId));
        Assert.Equal(["p", "p:0000"], worker.Activities.Single().PropagatedHistory.Chunks.Select(c => c.InstanceId));
        Assert.Equal(
            ["WorkflowStarted", "ExecutionStarted"],
            Kinds(worker.Activities.Single().PropagatedHistory.Chunks[1].RawEvents.Select(e => HistoryEvent.Parser.ParseFrom(e))));
    }

    private static WorkflowAction Asking(WorkflowAction action, HistoryPropagationScope scope)
    {
        action.ScheduleTask.HistoryPropagationScope = scope;
        return action;
    }

    private static string Name(WorkflowRequest request) => request.All().First(e => e.ExecutionStarted is not null).ExecutionStarted.Name;
}
