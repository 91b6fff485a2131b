using Eco2.Workflows.Scan;
using Xunit;
using static Eco2.Workflows.Tests.ScanSamples;

namespace Eco2.Workflows.Tests;

public sealed class ScanWorkflowTests
{
    [Fact]
    public async Task A_scan_is_three_steps()
    {
        var (outcome, steps) = await RunAsync(Well);

        Assert.Equal(new ScanOutcome("succeeded"), outcome);
        Assert.Equal(["SeePhoto", "WriteAnswer", "GiveReward"], steps.Select(s => s.Activity));
    }

    [Fact]
    public async Task What_vision_refuses_fails_the_job_with_its_reason()
    {
        var (outcome, steps) = await RunAsync((name, input) => name == "SeePhoto" ? (new Seen(null, Blind, 5, []), null) : Well(name, input));

        Assert.Equal(new ScanOutcome("failed", "VISION_INVALID_OUTPUT"), outcome);
        Assert.Equal(["SeePhoto", "FailScan"], steps.Select(s => s.Activity));
        Assert.Equal($"{Request.JobId}/vision/started", steps[^1].Input.GetProperty("after").GetString());
    }

    [Theory]
    [InlineData("SeePhoto", "VISION_FAILED", "vision")]
    [InlineData("GiveReward", "INTERNAL", "reward")]
    [InlineData("WriteAnswer", "ANSWER_FAILED", "answer")]
    public async Task A_step_that_breaks_for_good_fails_the_job_and_names_the_stage(string activity, string code, string stage)
    {
        var (outcome, steps) = await RunAsync((name, input) => name == activity ? (null, "broken pipe") : Well(name, input));

        Assert.Equal(new ScanOutcome("failed", code), outcome);
        var error = steps[^1].Input.GetProperty("error");
        Assert.Equal(stage, error.GetProperty("stage").GetString());
        Assert.True(error.GetProperty("retryable").GetBoolean());
        Assert.DoesNotContain("broken pipe", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pending_reward_is_settled_afterwards_and_never_takes_the_answer_away()
    {
        var (settled, steps) = await RunAsync((name, input) => name == "GiveReward" ? (new Rewarded(Pending), null) : Well(name, input));
        var (unsettled, _) = await RunAsync((name, input) => name switch
        {
            "GiveReward" => (new Rewarded(Pending), null),
            "SettleReward" => (null, "character is away"),
            _ => Well(name, input),
        });

        Assert.Equal("SettleReward", steps[^1].Activity);
        Assert.Equal(new ScanOutcome("succeeded"), settled);
        Assert.Equal(new ScanOutcome("succeeded"), unsettled);
    }

    [Fact]
    public async Task The_time_a_job_may_take_counts_from_its_first_step()
    {
        var (_, steps) = await RunAsync(Well);

        var run = steps[0].Input.GetProperty("run");
        Assert.Equal(StartedAt, run.GetProperty("startedAt").GetDateTimeOffset().UtcDateTime);
        Assert.Equal(StartedAt.AddSeconds(180), run.GetProperty("deadline").GetDateTimeOffset().UtcDateTime);
    }

    private static async Task<(ScanOutcome Outcome, IReadOnlyList<Step> Steps)> RunAsync(Func<string, object?, (object?, string?)> answer)
    {
        var context = new ScriptedContext(StartedAt, answer);
        return (await new ScanWorkflow().RunAsync(context, Request), context.Steps);
    }
}
