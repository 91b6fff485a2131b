using System.Text.Json;
using Dapr;
using Dapr.Workflow;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Eco2.Workflows.Scan;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Scan;

/// <summary>Rewards and ends the job. The reward may take a moment, not the job with it: what is not decided in time is pending.</summary>
internal sealed partial class GiveRewardActivity(
    ScanEvents events,
    Rewards rewards,
    KnowledgeBase knowledge,
    Disposal disposal,
    IOptions<ScanStepOptions> options,
    TimeProvider clock,
    ILogger<GiveRewardActivity> logger)
    : WorkflowActivity<GiveReward, Rewarded>
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    public override async Task<Rewarded> RunAsync(WorkflowActivityContext context, GiveReward input)
    {
        var (scan, began) = (input.Run.Request, clock.GetTimestamp());
        var (plan, answer) = (disposal.Decide(input.Seen.Vision!), input.Answered.Answer!);
        IReadOnlyList<JobEvent> answered = [events.Completed(scan, "answer", answer), events.Started(scan, "reward")];
        var evaluating = EvaluateAsync(scan, input.Seen.Vision!, plan);
        if (await Task.WhenAny(evaluating, Task.Delay(Soon, clock)) != evaluating)
        {
            // The answer does not wait for a slow reward; a quick one comes with it.
            await events.PublishAsync(scan, ScanEvents.IdOf(scan, "answer", "started"), answered);
            answered = [];
        }

        var reward = await evaluating;
        var result = Result(input, plan, reward, (long)clock.GetElapsedTime(began).TotalMilliseconds);
        await events.PublishAsync(
            scan,
            answered.Count > 0 ? ScanEvents.IdOf(scan, "answer", "started") : ScanEvents.IdOf(scan, "reward", "started"),
            [
                .. answered,
                reward.Status == "not_eligible" ? events.Skipped(scan, "reward", reward) : events.Completed(scan, "reward", reward),
                events.Completed(scan, "done", result, answer.Headline),
            ]);
        return new Rewarded(reward);
    }

    private async Task<Reward> EvaluateAsync(ScanRequested scan, VisionResult vision, DisposalPlan plan)
    {
        using var limit = new CancellationTokenSource(options.Value.RewardLimit, clock);
        try
        {
            return await rewards.EvaluateAsync(scan, vision, plan, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or DaprException or OperationCanceledException or JsonException)
        {
            Late(logger, e, scan.JobId);
            return new Reward("pending", null, null, null);
        }
    }

    private ScanResult Result(GiveReward input, DisposalPlan plan, Reward reward, long rewardMs)
    {
        var (scan, vision, answer, now) = (input.Run.Request, input.Seen.Vision!, input.Answered.Answer!, clock.GetUtcNow());
        return new ScanResult(
            scan.JobId,
            "completed",
            answer.Headline,
            LegacyShapes.Pipeline(knowledge, vision, plan, answer, scan.HasWords || scan.UserInput is not null),
            vision,
            answer,
            reward,
            scan.ImageUrl,
            scan.Model,
            new Dictionary<string, long>
            {
                ["queue"] = (long)(input.Run.StartedAt - scan.AcceptedAt).TotalMilliseconds,
                ["vision"] = input.Seen.Milliseconds,
                ["rule"] = input.Answered.Ruled.Milliseconds,
                ["answer"] = input.Answered.Milliseconds,
                ["reward"] = rewardMs,
                ["total"] = (long)(now - scan.AcceptedAt).TotalMilliseconds,
            },
            [.. input.Seen.Warnings.Concat(input.Answered.Ruled.Warnings).Concat(input.Answered.Warnings).Distinct()],
            null,
            scan.AcceptedAt,
            now);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: its reward is pending")]
    private static partial void Late(ILogger logger, Exception exception, Guid jobId);
}
