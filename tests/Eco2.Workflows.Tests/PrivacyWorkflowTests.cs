using Eco2.Contracts.Privacy;
using Eco2.Workflows.Privacy;
using Xunit;
using static Eco2.Workflows.Tests.PrivacySamples;

namespace Eco2.Workflows.Tests;

public sealed class PrivacyWorkflowTests
{
    [Fact]
    public async Task An_export_asks_each_app_packs_what_they_gave_and_tells_the_end()
    {
        var (outcome, steps) = await RunAsync(new ExportWorkflow(), Export, (_, input) => (Well(input), null));

        Assert.Equal(new PrivacyOutcome("succeeded"), outcome);
        Assert.Equal(["account", "profile", "scans", "pictures", "characters", "jobs"], Asked(steps, nameof(CollectData)));
        Assert.Equal([nameof(PackArchive), nameof(EndRequest)], steps.Skip(6).Select(step => step.Activity));
        Assert.Equal([7, 7, 5, 8, 10, 4], steps[6].Input.GetProperty("pages").EnumerateArray().Select(pages => pages.GetInt32()));
        var end = steps[7].Input.GetProperty("end");
        Assert.Equal(("succeeded", 2, 5_000_000), (end.GetProperty("status").GetString(), end.GetProperty("parts").GetInt32(), end.GetProperty("bytes").GetInt64()));
    }

    [Fact]
    public async Task An_export_that_nobody_waits_for_ends_at_once_and_tells_nothing()
    {
        var (outcome, steps) = await RunAsync(new ExportWorkflow(), Export, (_, input) => (input is CollectData { Step: "scans" } ? new Collected(0, Wanted: false) : Well(input), null));

        Assert.Equal(new PrivacyOutcome("unwanted"), outcome);
        Assert.Equal(["account", "profile", "scans"], Asked(steps, nameof(CollectData)));
        Assert.Equal(3, steps.Count);
    }

    [Fact]
    public async Task A_deletion_closes_the_user_first_and_takes_the_account_last()
    {
        var (outcome, steps) = await RunAsync(new DeletionWorkflow(), Deletion, (_, input) => (Well(input), null));

        Assert.Equal(new PrivacyOutcome("succeeded"), outcome);
        Assert.Equal(["lock", "jobs", "scans", "pictures", "characters", "profile", "account"], Asked(steps, nameof(EraseData)));
        Assert.Equal(nameof(EndRequest), steps[^1].Activity);
    }

    [Theory]
    [InlineData("export", "pictures")]
    [InlineData("export", "archive")]
    [InlineData("deletion", "lock")]
    [InlineData("deletion", "characters")]
    public async Task A_step_that_breaks_for_good_ends_the_request_as_failed_and_no_later_step_runs(string kind, string broken)
    {
        (object?, string?) Answer(string name, object? input) =>
            input is CollectData { Step: var collected } && collected == broken || input is PackArchive && broken == "archive" || input is EraseData { Step: var erased } && erased == broken
                ? (null, "the app is away")
                : (Well(input), null);
        var (outcome, steps) = kind == "export" ? await RunAsync(new ExportWorkflow(), Export, Answer) : await RunAsync(new DeletionWorkflow(), Deletion, Answer);

        Assert.Equal(new PrivacyOutcome("failed"), outcome);
        Assert.Equal((nameof(EndRequest), "failed"), (steps[^1].Activity, steps[^1].Input.GetProperty("end").GetProperty("status").GetString()));
        Assert.Equal("the app is away", steps[^2].Failure);
        Assert.Equal(0, steps[^1].Input.GetProperty("end").GetProperty("parts").GetInt32());
    }

    [Fact]
    public async Task Histories_hold_no_more_of_a_user_than_ids()
    {
        var (_, export) = await RunAsync(new ExportWorkflow(), Export, (_, input) => (Well(input), null));
        var (_, deletion) = await RunAsync(new DeletionWorkflow(), Deletion, (_, input) => (Well(input), null));

        Assert.All(
            export.Concat(deletion).Where(step => step.Input.TryGetProperty("request", out _)),
            step => Assert.Equal(["requestId", "userId", "kind", "requestedAt"], step.Input.GetProperty("request").EnumerateObject().Select(member => member.Name)));
    }

    private static IEnumerable<string?> Asked(IEnumerable<Step> steps, string activity) =>
        steps.Where(step => step.Activity == activity).Select(step => step.Input.GetProperty("step").GetString());

    private static async Task<(PrivacyOutcome Outcome, IReadOnlyList<Step> Steps)> RunAsync(
        Dapr.Workflow.Workflow<PrivacyRequested, PrivacyOutcome> workflow, PrivacyRequested request, Func<string, object?, (object?, string?)> answer)
    {
        var context = new ScriptedContext(ScanSamples.StartedAt, answer);
        return (await workflow.RunAsync(context, request), context.Steps);
    }
}
