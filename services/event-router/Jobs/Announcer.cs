using System.Globalization;
using System.Threading.Channels;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>Tells the world what was appended. Whatever has gathered while one call was under way leaves with the next one, so that many
/// jobs at once cost few calls and a single job waits for nobody.</summary>
internal sealed partial class Announcer(DaprClient dapr, IOptions<EventRouterOptions> options, ILogger<Announcer> logger) : BackgroundService
{
    private const int MaxPerCall = 100;

    private sealed record News(JobFanout Fanout, JobFinished? Finished, TaskCompletionSource<bool> Told);

    // Bounded by what the sidecar delivers at a time: every writer waits for its own answer.
    private readonly Channel<News> queue = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Dictionary<string, string> fanoutMetadata = new()
    {
        ["ttlInSeconds"] = ((int)options.Value.FanoutLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>True when it was published.</summary>
    internal Task<bool> TellAsync(JobFanout fanout, JobFinished? finished)
    {
        var news = new News(fanout, finished, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        return queue.Writer.TryWrite(news) ? news.Told.Task : Task.FromResult(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<News>(MaxPerCall);
        try
        {
            while (await queue.Reader.WaitToReadAsync(stoppingToken))
            {
                while (batch.Count < MaxPerCall && queue.Reader.TryRead(out var news))
                {
                    batch.Add(news);
                }

                await PublishAsync(batch);
                batch.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopping(logger);
        }
        finally
        {
            queue.Writer.Complete();
            while (queue.Reader.TryRead(out var late))
            {
                late.Told.SetResult(false);
            }
        }
    }

    private async Task PublishAsync(List<News> batch)
    {
        var finished = batch.Where(n => n.Finished is not null).Select(n => n.Finished!).ToList();
        try
        {
            var fanout = dapr.BulkPublishEventAsync(JobFanout.PubSub, JobFanout.Topic, batch.ConvertAll(n => n.Fanout), fanoutMetadata);
            var ends = finished.Count == 0 ? null : dapr.BulkPublishEventAsync(Messaging.PubSub, JobFinished.Topic, finished);
            var failed = (await fanout).FailedEntries.Select(f => f.Entry.EventData.JobId).ToHashSet();
            if (ends is not null)
            {
                failed.UnionWith((await ends).FailedEntries.Select(f => f.Entry.EventData.JobId));
            }

            batch.ForEach(n => n.Told.SetResult(!failed.Contains(n.Fanout.JobId)));
        }
        catch (DaprException e)
        {
            NotTold(logger, e, batch.Count);
            batch.ForEach(n => n.Told.TrySetResult(false));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "News of {Count} jobs could not be published and will be told again")]
    private static partial void NotTold(ILogger logger, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stops telling; what is left comes again from the broker")]
    private static partial void Stopping(ILogger logger);
}
