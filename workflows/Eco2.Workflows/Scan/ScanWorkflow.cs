using Dapr.Workflow;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.Workflows.Scan;

/// <summary>A photo becomes an answer: look, put the rule for it into words, reward. Whatever goes wrong on the way, the job ends and says
/// why; but once the answer is there, nothing takes it away.</summary>
public sealed class ScanWorkflow : Workflow<ScanRequested, ScanOutcome>
{
    /// <summary>The whole job, from its first step.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    // Retries of a model are the activity's own matter: here only what breaks in the house is tried again, for as long as the job has time.
    // Pauses of 0.5, 1, 2, 4, 8 and then 15 s make at most 16 tries of one step, which costs 64 entries of history.
    private static readonly WorkflowTaskOptions Step = new(
        RetryPolicy: new WorkflowRetryPolicy(16, TimeSpan.FromMilliseconds(500), 2, TimeSpan.FromSeconds(15), Limit));

    // The end must be told, however long the messages are away.
    private static readonly WorkflowTaskOptions End = new(
        RetryPolicy: new WorkflowRetryPolicy(500, TimeSpan.FromMilliseconds(500), 2, TimeSpan.FromSeconds(30)));

    // Half a day: the character service may be down for a while.
    private static readonly WorkflowTaskOptions Settle = new(
        RetryPolicy: new WorkflowRetryPolicy(60, TimeSpan.FromSeconds(5), 2, TimeSpan.FromMinutes(15)));

    public override async Task<ScanOutcome> RunAsync(WorkflowContext context, ScanRequested input)
    {
        var started = new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero);
        var run = new ScanRun(input, started, started + Limit);
        Seen? seen = null;
        var stage = "vision";
        try
        {
            seen = await context.CallAsync(SeePhoto.Activity, new(run), Step);
            if (seen.Error is { } blind)
            {
                return await FailAsync(context, new(run, blind, JobEvent.IdOf(input.JobId, stage, "started"), null, null));
            }

            stage = "answer";
            var answered = await context.CallAsync(WriteAnswer.Activity, new(run, seen), Step);
            if (answered.Error is { } wordless)
            {
                return await FailAsync(context, new(run, wordless, JobEvent.IdOf(input.JobId, stage, "started"), seen, answered.Ruled));
            }

            stage = "reward";
            var rewarded = await context.CallAsync(GiveReward.Activity, new(run, seen, answered), End);
            if (rewarded.Reward.Status == "pending")
            {
                await SettleAsync(context, new(run, seen));
            }

            return new ScanOutcome("succeeded");
        }
        catch (WorkflowTaskFailedException e)
        {
            context.CreateReplaySafeLogger<ScanWorkflow>().StepFailed(input.JobId, stage, e.FailureDetails.ErrorType, e.FailureDetails.ErrorMessage);
            var message = input.Language == "en" ? "Something broke on our side. Please try again." : "저희 쪽에 문제가 생겼어요. 잠시 후 다시 시도해 주세요.";
            return await FailAsync(context, new(run, new JobError(CodeOf(stage), message, stage, true), null, seen, null));
        }
    }

    private static string CodeOf(string stage) => stage switch
    {
        "vision" => "VISION_FAILED",
        "answer" => "ANSWER_FAILED",
        _ => "INTERNAL",
    };

    private static Task<ScanOutcome> FailAsync(WorkflowContext context, FailScan input) => context.CallAsync(FailScan.Activity, input, End);

    /// <summary>The job is done and told. If the reward stays undecided for half a day, it stays pending and the log says so.</summary>
    private static async Task SettleAsync(WorkflowContext context, SettleReward input)
    {
        try
        {
            await context.CallAsync(SettleReward.Activity, input, Settle);
        }
        catch (WorkflowTaskFailedException e)
        {
            context.CreateReplaySafeLogger<ScanWorkflow>().RewardUnsettled(input.Run.Request.JobId, e.Message);
        }
    }
}
