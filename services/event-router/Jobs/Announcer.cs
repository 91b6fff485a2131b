using System.Globalization;
using System.Threading.Channels;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>Tells the world what was appended. Whatever has gathered while one call was under way leaves with the next one, so that many
/// jobs at once cost few calls and a single job waits for nobody.</summary>
internal sealed partial class Announcer(DaprClient dapr, IOptions<EventRouterOptions> options, ServiceIdentity service, TimeProvider clock, ILogger<Announcer> logger) : BackgroundService
{
    private const int MaxPerCall = 100;

    private sealed record News(JobFanout? Fanout, JobFinished? Finished, JobWaiting? Waiting, string? TraceParent, TaskCompletionSource<bool> Told);

    // Bounded by what the sidecar delivers at a time: every writer waits for its own answer.
    private readonly Channel<News> queue = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Dictionary<string, string> fanoutMetadata = new()
    {
        ["ttlInSeconds"] = ((int)options.Value.FanoutLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>True when it was published.</summary>
    /// <param name="fanout">New entries, for streams.</param>
    /// <param name="finished">The end of the job, for whoever accepted it.</param>
    /// <param name="waiting">That something waits, for a router that will look again.</param>
    /// <param name="traceParent">The trace they belong to.</param>
    internal Task<bool> TellAsync(JobFanout? fanout, JobFinished? finished, JobWaiting? waiting, string? traceParent)
    {
        var news = new News(fanout, finished, waiting, traceParent, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
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
        try
        {
            var failures = await Task.WhenAll(
                PublishAsync(JobFanout.PubSub, JobFanout.Topic, Traced(batch, n => n.Fanout), f => f.JobId, fanoutMetadata),
                PublishAsync(Messaging.PubSub, JobFinished.Topic, Traced(batch, n => n.Finished), f => f.JobId, null),
                PublishAsync(Messaging.PubSub, JobWaiting.Topic, Traced(batch, n => n.Waiting), w => w.JobId, null));
            var failed = failures.SelectMany(ids => ids).ToHashSet();
            batch.ForEach(n => n.Told.SetResult(!failed.Contains((n.Fanout?.JobId ?? n.Waiting?.JobId)!.Value)));
        }
        catch (DaprException e)
        {
            NotTold(logger, e, batch.Count);
            batch.ForEach(n => n.Told.TrySetResult(false));
        }
    }

    private List<TracedEvent<T>> Traced<T>(List<News> batch, Func<News, T?> part)
        where T : class =>
    [
        .. batch.Where(n => part(n) is not null).Select(n => MessageTrace.Wrap(part(n)!, service, clock, n.TraceParent)),
    ];

    /// <summary>The jobs whose message could not be published.</summary>
    private async Task<IEnumerable<Guid>> PublishAsync<T>(
        string pubsub, string topic, List<TracedEvent<T>> messages, Func<T, Guid> jobId, Dictionary<string, string>? metadata)
    {
        if (messages.Count == 0)
        {
            return [];
        }

        var answer = await dapr.BulkPublishEventAsync(pubsub, topic, messages, metadata);
        return answer.FailedEntries.Select(f => jobId(f.Entry.EventData.Data));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "News of {Count} jobs could not be published and will be told again")]
    private static partial void NotTold(ILogger logger, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stops telling; what is left comes again from the broker")]
    private static partial void Stopping(ILogger logger);
}
