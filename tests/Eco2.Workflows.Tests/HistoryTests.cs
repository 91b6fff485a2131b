using Dapr.Workflow;
using Eco2.Contracts.Scan;
using Eco2.Workflows.Scan;
using Xunit;

namespace Eco2.Workflows.Tests;

/// <summary>Instances that were started by an older release go on in this one: it must take the same steps.</summary>
[Collection("histories")]
public sealed class HistoryTests
{
    private static IEnumerable<string> Names => Directory.GetFiles(RecordedHistory.Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    public static TheoryData<string> Histories => [.. Names];

    [Theory]
    [MemberData(nameof(Histories))]
    public void Todays_code_takes_the_steps_of_a_recorded_history(string name)
    {
        var history = RecordedHistory.Load(name);

        Assert.Empty(HistoryReplay.Differences(history, WorkflowOf(history)));
    }

    /// <summary>A turn, and a purge, must fit into one transaction of DynamoDB and Cosmos DB (docs/workflows.md).</summary>
    [Theory]
    [MemberData(nameof(Histories))]
    public void A_history_is_short(string name) => Assert.InRange(RecordedHistory.Load(name).Events.Count, 4, 90);

    [Fact]
    public void Every_way_a_workflow_can_go_is_recorded() =>
        Assert.Superset(HistoryRecorder.Scenarios.Select(scenario => scenario.Name).ToHashSet(), Names.ToHashSet());

    [Theory]
    [InlineData(typeof(AnswersFirst), "turn 1: it was [0 activity SeePhoto], today's code wants [0 activity WriteAnswer]")]
    [InlineData(typeof(WaitsBeforehand), "today's code wants [0 timer")]
    [InlineData(typeof(LooksTwice), "today's code wants [1 activity SeePhoto]")]
    [InlineData(typeof(EndsOtherwise), "today's code wants [end as Completed {\"status\":\"failed\"")]
    public void Code_that_would_go_another_way_is_noticed(Type changed, string difference) =>
        Assert.Contains(
            HistoryReplay.Differences(RecordedHistory.Load("scan-done"), (IWorkflow)Activator.CreateInstance(changed)!),
            said => said.Contains(difference, StringComparison.Ordinal));

    private static IWorkflow WorkflowOf(RecordedHistory history) =>
        (IWorkflow)Activator.CreateInstance(typeof(ScanWorkflow).Assembly.GetTypes().Single(type => type.Name == history.Workflow && type.IsAssignableTo(typeof(IWorkflow))))!;

    private sealed class AnswersFirst : Workflow<ScanRequested, ScanOutcome>
    {
        public override async Task<ScanOutcome> RunAsync(WorkflowContext context, ScanRequested input)
        {
            await context.CallActivityAsync<Answered>(nameof(WriteAnswer));
            return new ScanOutcome("succeeded");
        }
    }

    private sealed class WaitsBeforehand : Workflow<ScanRequested, ScanOutcome>
    {
        public override async Task<ScanOutcome> RunAsync(WorkflowContext context, ScanRequested input)
        {
            await context.CreateTimer(TimeSpan.FromSeconds(1));
            return await new ScanWorkflow().RunAsync(context, input);
        }
    }

    private sealed class LooksTwice : Workflow<ScanRequested, ScanOutcome>
    {
        public override async Task<ScanOutcome> RunAsync(WorkflowContext context, ScanRequested input)
        {
            await context.CallActivityAsync<Seen>(nameof(SeePhoto));
            return await new ScanWorkflow().RunAsync(context, input);
        }
    }

    private sealed class EndsOtherwise : Workflow<ScanRequested, ScanOutcome>
    {
        public override async Task<ScanOutcome> RunAsync(WorkflowContext context, ScanRequested input) =>
            await new ScanWorkflow().RunAsync(context, input) with { Status = "failed" };
    }
}
