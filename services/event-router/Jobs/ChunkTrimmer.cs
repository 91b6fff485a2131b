using System.Text.Json;
using System.Threading.Channels;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>Gives the chunks of a finished job the short life of its document; they were written for a run that might have taken days. Many jobs
/// at a time, when there is time: what is missed lasts longer than it need, and no reader notices.</summary>
internal sealed partial class ChunkTrimmer(
    DaprClient dapr,
    IOptions<EventRouterOptions> options,
    TimeProvider clock,
    ILogger<ChunkTrimmer> logger) : BackgroundService
{
    private const int MostWaiting = 20_000, MostPerCall = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<string> chunks = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    // The document has begun its last life already; a chunk must not end before it.
    private readonly Dictionary<string, string> ttl = JobStore.TtlOf(options.Value.FinishedLifetime + TimeSpan.FromMinutes(1));

    internal void Trim(JobDocument finished)
    {
        for (var number = 1; number <= finished.Chunks; number++)
        {
            chunks.Writer.TryWrite(JobChunk.KeyOf(finished.JobId, number));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var keys = new List<string>(MostPerCall);
        try
        {
            while (await chunks.Reader.WaitToReadAsync(stoppingToken))
            {
                if (chunks.Reader.Count < MostPerCall)
                {
                    await Task.Delay(Pause, clock, stoppingToken);
                }

                while (keys.Count < MostPerCall && chunks.Reader.TryRead(out var key))
                {
                    keys.Add(key);
                }

                await TrimAsync(keys, stoppingToken);
                keys.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopping(logger);
        }
    }

    private async Task TrimAsync(List<string> keys, CancellationToken ct)
    {
        try
        {
            var found = await dapr.GetBulkStateAsync<JobChunk?>(JobDocument.Store, keys, parallelism: null, cancellationToken: ct);
            SaveStateItem<JobChunk?>[] shorter = [.. found.Where(c => c.Value is not null).Select(c => new SaveStateItem<JobChunk?>(c.Key, c.Value, "", null, ttl))];
            if (shorter.Length > 0)
            {
                await dapr.SaveBulkStateAsync(JobDocument.Store, shorter, ct);
            }
        }
        catch (Exception e) when (e is DaprException or JsonException)
        {
            NotTrimmed(logger, e, keys.Count);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} chunks of finished jobs keep their long life")]
    private static partial void NotTrimmed(ILogger logger, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stops trimming; what is left ends by itself")]
    private static partial void Stopping(ILogger logger);
}
