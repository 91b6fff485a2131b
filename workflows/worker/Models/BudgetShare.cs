using Dapr;
using Dapr.Client;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Models;

/// <summary>Shares the providers' budgets among the replicas of the worker: every few seconds each says in the state store that it lives, sees how
/// many do, and takes an equal part. No call to a provider asks the store. A new replica is known to the others after one round.</summary>
internal sealed partial class BudgetShare(
    DaprClient dapr, ModelClients clients, IOptions<ModelOptions> options, TimeProvider clock, ILogger<BudgetShare> logger) : BackgroundService
{
    internal const string Store = "state";
    internal const string Key = "model-budget-replicas";
    private const int Attempts = 5;
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly ReplicaRoll roll = new(Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"), options.Value.ShareEvery * 4, clock);
    private readonly Dictionary<string, string> metadata = new() { ["ttlInSeconds"] = "600" };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.AsksProviders)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            var before = roll.Living;
            await BeatAsync(stoppingToken);
            if (roll.Living != before)
            {
                Shares(logger, roll.Living);
                clients.Share(roll.Living);
            }

            // Not all in step.
            await Task.Delay(options.Value.ShareEvery * (0.75 + (Random.Shared.NextDouble() / 2)), clock, stoppingToken);
        }
    }

    private async Task BeatAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.ShareEvery);
        try
        {
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                var (read, etag) = await dapr.GetStateAndETagAsync<RollDocument?>(Store, Key, cancellationToken: limit.Token);
                if (await dapr.TrySaveStateAsync(Store, Key, roll.Next(read), etag, FirstWrite, metadata, limit.Token))
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 50 * attempt)), clock, limit.Token);
            }
        }
        catch (Exception e) when (e is DaprException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // The part taken last stays.
            Away(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The budgets of the providers are shared by {Replicas} replicas")]
    private static partial void Shares(ILogger logger, int replicas);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The other replicas cannot be counted now: {Why}")]
    private static partial void Away(ILogger logger, string why);
}
