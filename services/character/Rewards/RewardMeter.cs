using System.Diagnostics.Metrics;
using Eco2.Contracts.Character;

namespace Eco2.Character.Rewards;

/// <summary>What scans earned.</summary>
internal sealed class RewardMeter(IMeterFactory meters)
{
    internal const string Name = "eco2.rewards";
    private readonly Counter<long> evaluated = meters.Create(Name).CreateCounter<long>("eco2.rewards.evaluated", "{reward}", "Verdicts by status and reason");

    internal void Evaluated(Reward reward) =>
        evaluated.Add(1, new KeyValuePair<string, object?>("status", reward.Status), new("reason", reward.ReasonCode));
}
