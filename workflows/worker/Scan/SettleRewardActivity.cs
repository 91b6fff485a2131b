using Dapr.Workflow;
using Eco2.Worker.Knowledge;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>The job is done but its reward was not decided in time: decide it now and put it into the history. Whatever fails is tried again.</summary>
internal sealed class SettleRewardActivity(Rewards rewards, Disposal disposal) : WorkflowActivity<SettleReward, Rewarded>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public override async Task<Rewarded> RunAsync(WorkflowActivityContext context, SettleReward input)
    {
        using var limit = new CancellationTokenSource(Limit);
        var reward = await rewards.EvaluateAsync(input.Run.Request, input.Seen.Vision!, disposal.Decide(input.Seen.Vision!), limit.Token);
        await rewards.RememberAsync(input.Run.Request, reward, limit.Token);
        return new Rewarded(reward);
    }
}
