using Dapr.Workflow;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

/// <summary>Activities and children that end well: what a turn asks for, given the turns before it.</summary>
public class ReplayTests
{
    private static readonly Proto.OrchestrationStatus Done = Proto.OrchestrationStatus.Completed;

    [Fact]
    public void The_first_turn_asks_for_the_first_activity_with_id_0()
    {
        var response = new History(input: "\"o1\"").Run<string, string>(TwoSteps);

        var action = Assert.Single(response.Actions);
        Assert.Equal(0, action.Id);
        Assert.Equal("Charge", action.ScheduleTask.Name);
        Assert.Equal("\"o1\"", action.ScheduleTask.Input);
        Assert.Equal(32, action.ScheduleTask.TaskExecutionId.Length);
    }

    [Fact]
    public void A_completed_activity_lets_the_next_one_be_asked_for()
    {
        var response = new History(input: "\"o1\"").Scheduled(0, "Charge").Turn().Completed(0, "\"paid\"").Run<string, string>(TwoSteps);

        var action = Assert.Single(response.Actions);
        Assert.Equal((1, "Ship", "\"paid\""), (action.Id, action.ScheduleTask.Name, action.ScheduleTask.Input));
    }

    [Fact]
    public void The_last_result_completes_the_workflow()
    {
        var response = new History(input: "\"o1\"").Scheduled(0, "Charge").Turn().Completed(0, "\"paid\"").Scheduled(1, "Ship")
            .Turn().Completed(1, "\"sent\"").Run<string, string>(TwoSteps);

        Assert.Equal((Done, "\"sent\""), (response.Completion()!.WorkflowStatus, response.Completion()!.Result));
        Assert.Single(response.Actions);
    }

    [Fact]
    public void An_input_that_history_holds_is_not_written_again()
    {
        var written = new List<string>();
        async Task<string> Body(WorkflowContext c)
        {
            await c.CallActivityAsync<string>("Charge", new Noted("charge", written));
            return await c.CallActivityAsync<string>("Ship", new Noted("ship", written));
        }

        var response = new History().Scheduled(0, "Charge").Turn().Completed(0, "\"paid\"").Run(Body);

        Assert.Equal("ship", Assert.Single(written));
        Assert.Equal("""{"name":"ship"}""", Assert.Single(response.Actions).ScheduleTask.Input);
    }

    private sealed class Noted(string name, List<string> written)
    {
        public string Name
        {
            get
            {
                written.Add(name);
                return name;
            }
        }
    }

    [Fact]
    public void A_result_that_comes_twice_changes_nothing()
    {
        var response = new History(input: "\"o1\"").Scheduled(0, "Charge")
            .Turn().Completed(0, "\"paid\"").Completed(0, "\"again\"").Completed(77, "\"whose\"").Run<string, string>(TwoSteps);

        Assert.Equal("\"paid\"", Assert.Single(response.Actions).ScheduleTask.Input);
    }

    [Fact]
    public void Fan_out_asks_for_all_at_once_and_joins_in_input_order()
    {
        static Task<int[]> Body(WorkflowContext c) => Task.WhenAll(Enumerable.Range(0, 3).Select(i => c.CallActivityAsync<int>("Double", i)));
        var started = new History().Run(Body);

        var joined = new History().Scheduled(0, "Double").Scheduled(1, "Double").Scheduled(2, "Double")
            .Turn().Completed(2, "4").Completed(0, "0").Turn().Completed(1, "2").Run(Body);

        Assert.Equal([0, 1, 2], started.Actions.Select(action => action.Id));
        Assert.Equal("[0,2,4]", joined.Completion()!.Result);
    }

    [Fact]
    public void A_window_of_parallel_work_starts_the_next_when_one_ends_and_tries_all()
    {
        static Task<int[]> Body(WorkflowContext c) => c.ProcessInParallelAsync([1, 2, 3], i => c.CallActivityAsync<int>("Double", i), maxConcurrency: 2);
        var started = new History().Run(Body);

        var next = new History().Scheduled(0, "Double").Scheduled(1, "Double").Turn().Failed(0).Run(Body);
        var ended = new History().Scheduled(0, "Double").Scheduled(1, "Double").Turn().Failed(0).Scheduled(2, "Double")
            .Turn().Completed(1, "4").Completed(2, "6").Run(Body);

        Assert.Equal(2, started.Actions.Count);
        Assert.Equal("3", Assert.Single(next.Actions).ScheduleTask.Input);
        Assert.Equal("System.AggregateException", ended.Completion()!.FailureDetails.ErrorType);
        Assert.StartsWith("1 out of 3 tasks failed", ended.Completion()!.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_gets_an_id_of_its_own_and_its_end_comes_back()
    {
        static Task<string> Body(WorkflowContext c) => c.CallChildWorkflowAsync<string>("Pack", 7, new ChildWorkflowTaskOptions(TargetAppId: "other"));

        var asked = Assert.Single(new History().Run(Body).Actions);
        var ended = new History().ChildCreated(0, "Pack").Turn().ChildCompleted(0, "\"ok\"").Run(Body);
        var failed = new History().ChildCreated(0, "Pack").Turn().ChildFailed(0).Run(Body);

        Assert.True(Guid.TryParse(asked.CreateChildWorkflow.InstanceId, out var id) && id.Version == 5);
        Assert.Equal(("other", "7"), (asked.CreateChildWorkflow.Router.TargetAppID, asked.CreateChildWorkflow.Input));
        Assert.Equal("\"ok\"", ended.Completion()!.Result);
        Assert.Equal("Child workflow 'Pack' failed", failed.Completion()!.FailureDetails.ErrorMessage);
    }

    [Fact]
    public void Awaiting_without_the_captured_context_stays_on_the_turns_thread()
    {
        var threads = new List<int>();

        var response = new History().Scheduled(0, "A").Turn().Completed(0, "1").Run(async c =>
        {
            threads.Add(Environment.CurrentManagedThreadId);
#pragma warning disable xUnit1030 // The point of the test.
            var result = await c.CallActivityAsync<int>("A").ConfigureAwait(false);
#pragma warning restore xUnit1030
            threads.Add(Environment.CurrentManagedThreadId);
            return result;
        });

        Assert.Equal("1", response.Completion()!.Result);
        Assert.Single(threads.Distinct());
    }

    internal static async Task<string> TwoSteps(WorkflowContext context, string order)
    {
        var paid = await context.CallActivityAsync<string>("Charge", order);
        return await context.CallActivityAsync<string>("Ship", paid);
    }
}
