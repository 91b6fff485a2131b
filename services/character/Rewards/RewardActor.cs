using Dapr;
using Dapr.Actors;
using Dapr.Actors.Runtime;
using Eco2.Contracts;
using Eco2.Contracts.Character;

namespace Eco2.Character.Rewards;

internal interface IRewardActor : IActor
{
    Task<Reward> EvaluateAsync(EvaluateReward scan, CancellationToken ct);
}

/// <summary>The rewards of one user, one after another: scans of two devices that end at the same moment wait here for their turn and not in the
/// database, where each would hold a connection. The database stays the judge, should two actors of one user ever exist for a moment.</summary>
internal sealed class RewardActor(ActorHost host, EvaluateRewards rewards, TimeProvider clock) : Actor(host), IRewardActor
{
    internal static void Register(WebApplicationBuilder builder) => builder.Services.AddActors(actors =>
    {
        actors.HttpEndpoint = DaprDefaults.GetDefaultHttpEndpoint(builder.Configuration);
        actors.DaprApiToken = DaprDefaults.GetDefaultDaprApiToken(builder.Configuration);
        actors.JsonSerializerOptions = ContractsJson.Default.Options;
        actors.ActorIdleTimeout = TimeSpan.FromMinutes(5);
        actors.Actors.RegisterActor<RewardActor>(EvaluateReward.ActorType);
    });

    public Task<Reward> EvaluateAsync(EvaluateReward scan, CancellationToken ct) =>
        scan.JobId == Guid.Empty || scan.UserId.ToString("D") != Id.GetId()
            ? throw new ArgumentException("A reward is asked for a job of the user whose actor this is.", nameof(scan))
            : rewards.DecideAsync(scan, clock.GetUtcNow(), ct);
}
