using Dapr.Workflow;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Sdk.Tests;

/// <summary>What fails, and what is tried again.</summary>
public class ReplayFailureTests
{
    [Fact]
    public void An_unhandled_failure_of_an_activity_fails_the_workflow_with_the_SDKs_own_type()
    {
        var response = new History(input: "\"o1\"").Scheduled(0, "Charge").Turn().Failed(0, "Bank.Refused", "no money").Run<string, string>(ReplayTests.TwoSteps);

        var details = response.Completion()!.FailureDetails;
        Assert.Equal(Proto.OrchestrationStatus.Failed, response.Completion()!.WorkflowStatus);
        Assert.Equal(("Dapr.Workflow.WorkflowTaskFailedException", "Task failed: no money"), (details.ErrorType, details.ErrorMessage));
        Assert.True(details.IsNonRetriable);
    }

    [Fact]
    public void A_caught_failure_shows_type_message_and_cause()
    {
        static async Task<string> Body(WorkflowContext c)
        {
            try
            {
                await c.CallActivityAsync("Charge");
                return "";
            }
            catch (WorkflowTaskFailedException failure)
            {
                return $"{failure.FailureDetails.ErrorType}|{failure.FailureDetails.IsCausedBy<InvalidOperationException>()}|{failure.FailureDetails.IsCausedBy<Exception>()}";
            }
        }

        var known = new History().Scheduled(0, "Charge").Turn().Failed(0).Run(Body);
        var foreign = new History().Scheduled(0, "Charge").Turn().Failed(0, "Bank.Refused").Run(Body);

        Assert.Equal("\"System.InvalidOperationException|True|True\"", known.Completion()!.Result);
        Assert.Equal("\"Bank.Refused|False|False\"", foreign.Completion()!.Result);
    }

    [Fact]
    public void A_retry_waits_on_a_durable_timer_that_grows_and_then_asks_again_with_a_new_id()
    {
        var policy = new WorkflowRetryPolicy(3, TimeSpan.FromSeconds(10), backoffCoefficient: 2);
        Task<string> Body(WorkflowContext c) => c.CallActivityAsync<string>("Charge", options: new WorkflowTaskOptions(policy));
        var history = new History().Scheduled(0, "Charge").Turn().Failed(0);

        var first = Assert.Single(history.Run(Body).Actions);
        var again = Assert.Single(history.TimerCreated(1).Turn().Fired(1).Run(Body).Actions);
        var second = Assert.Single(history.Scheduled(2, "Charge").Turn().Failed(2).Run(Body).Actions);
        var over = history.TimerCreated(3).Turn().Fired(3).Scheduled(4, "Charge").Turn().Failed(4, message: "third").Run(Body);

        Assert.Equal(History.Start.AddMinutes(1).AddSeconds(10), first.CreateTimer.FireAt.ToDateTime());
        Assert.NotEmpty(first.CreateTimer.ActivityRetry.TaskExecutionId);
        Assert.Equal((2, "Charge"), (again.Id, again.ScheduleTask.Name));
        Assert.Equal(History.Start.AddMinutes(3).AddSeconds(20), second.CreateTimer.FireAt.ToDateTime());
        Assert.Equal(first.CreateTimer.ActivityRetry.TaskExecutionId, second.CreateTimer.ActivityRetry.TaskExecutionId);
        Assert.Equal("Task failed: third", over.Completion()!.FailureDetails.ErrorMessage);
    }

    [Fact]
    public void A_failure_that_calls_itself_final_is_retried_all_the_same()
    {
        // The official worker marks how workflows fail and never reads the mark: its policy alone decides.
        var policy = new WorkflowRetryPolicy(2, TimeSpan.FromSeconds(1));
        var failure = new Proto.TaskFailureDetails { ErrorType = "X", ErrorMessage = "boom", IsNonRetriable = true };

        var child = Assert.Single(new History().ChildCreated(0, "Pack").Turn()
            .Add(new() { EventId = -1, ChildWorkflowInstanceFailed = new() { TaskScheduledId = 0, FailureDetails = failure } })
            .Run(c => c.CallChildWorkflowAsync<string>("Pack", options: new ChildWorkflowTaskOptions(RetryPolicy: policy)))
            .Actions);

        Assert.NotNull(child.CreateTimer);
    }

    [Fact]
    public void No_retry_comes_after_the_retry_timeout()
    {
        var policy = new WorkflowRetryPolicy(9, TimeSpan.FromSeconds(1), retryTimeout: TimeSpan.FromSeconds(30));

        var response = new History().Scheduled(0, "Charge").Turn().Failed(0)
            .Run(c => c.CallActivityAsync<string>("Charge", options: new WorkflowTaskOptions(policy)));

        Assert.Equal(Proto.OrchestrationStatus.Failed, response.Completion()!.WorkflowStatus);
    }

    [Fact]
    public void Code_that_asks_for_another_activity_than_history_has_fails_the_workflow()
    {
        var renamed = new History(input: "\"o1\"").Scheduled(0, "Bill").Turn().Completed(0, "\"x\"").Run<string, string>(ReplayTests.TwoSteps);
        var missing = new History().Scheduled(0, "Charge").Run(c => Task.FromResult(1));
        var otherKind = new History().TimerCreated(0).Run<object?>(async c => await c.CallActivityAsync<object?>("Charge"));

        foreach (var response in new[] { renamed, missing, otherKind })
        {
            Assert.Equal(Proto.OrchestrationStatus.Failed, response.Completion()!.WorkflowStatus);
            Assert.Contains("not deterministic", response.Completion()!.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Waiting_for_something_foreign_fails_at_once_instead_of_hanging()
    {
        var never = new TaskCompletionSource<int>();

        var response = new History().Run(c => never.Task);

        Assert.Contains("not a task of its context", response.Completion()!.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }
}
