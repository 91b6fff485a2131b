using System.Diagnostics;
using System.Threading.Channels;
using Dapr;
using Dapr.Client;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Eco2.ServiceDefaults;

/// <summary>Publishes to one topic, many messages in one call: what comes within a moment, or while a call is under way, leaves together.
/// Whoever publishes waits for the answer about his own message.</summary>
/// <param name="dapr">The sidecar.</param>
/// <param name="component">The pub/sub component.</param>
/// <param name="topic">The topic.</param>
/// <param name="service">Who publishes.</param>
/// <param name="clock">For the pauses.</param>
/// <param name="logger">Hears of failed calls.</param>
public sealed partial class GatheringPublisher<T>(DaprClient dapr, string component, string topic, ServiceIdentity service, TimeProvider clock, ILogger<GatheringPublisher<T>> logger)
    : BackgroundService
    where T : class
{
    private const int MaxPerCall = 100;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(30);

    private sealed record Message(TracedEvent<T> Event, bool AtOnce, long Since, TaskCompletionSource Told);

    // Writers wait when it is full: that is the back-pressure of a broker that is slow.
    private readonly Channel<Message> queue = Channel.CreateBounded<Message>(new BoundedChannelOptions(10_000) { SingleReader = true });

    /// <summary>Returns when the broker has the message.</summary>
    /// <param name="message">What to publish.</param>
    /// <param name="atOnce">True when somebody waits for it: it takes along what has gathered and waits for no more.</param>
    /// <exception cref="DaprException">The broker has been away for half a minute.</exception>
    /// <exception cref="OperationCanceledException">The app stops.</exception>
    public async Task PublishAsync(T message, bool atOnce = false)
    {
        var traced = MessageTrace.Wrap(message, service, clock, Activity.Current?.Id);
        var waiting = new Message(traced, atOnce, clock.GetTimestamp(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await queue.Writer.WriteAsync(waiting);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException("The app stops.");
        }

        await waiting.Told.Task;
    }

    /// <summary>Ends when the app stops; what has not left by then is cancelled.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<Message> batch = [];
        try
        {
            while (batch.Count > 0 || await queue.Reader.WaitToReadAsync(stoppingToken))
            {
                await GatherAsync(batch, stoppingToken);
                batch = await PublishAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopping(logger, topic);
        }
        finally
        {
            queue.Writer.Complete();
            batch.ForEach(message => message.Told.TrySetCanceled(CancellationToken.None));
            while (queue.Reader.TryRead(out var late))
            {
                late.Told.TrySetCanceled(CancellationToken.None);
            }
        }
    }

    private async Task GatherAsync(List<Message> batch, CancellationToken ct)
    {
        using var moment = new CancellationTokenSource(Moment, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(moment.Token, ct);
        var wait = true;
        while (batch.Count < MaxPerCall)
        {
            if (queue.Reader.TryRead(out var message))
            {
                batch.Add(message);
                wait &= !message.AtOnce;
            }
            else if (!wait)
            {
                return;
            }
            else
            {
                try
                {
                    await queue.Reader.WaitToReadAsync(either.Token);
                }
                catch (OperationCanceledException) when (!ct.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Returns what has to leave again, after a pause.</summary>
    private async Task<List<Message>> PublishAsync(List<Message> batch, CancellationToken ct)
    {
        var (left, why) = await TryPublishAsync(batch, ct);
        if (left.Count == 0)
        {
            return left;
        }

        NotTaken(logger, topic, left.Count, why);
        left.FindAll(TooLong).ForEach(m => m.Told.TrySetException(new DaprException($"{topic} has not taken a message for {GiveUpAfter.TotalSeconds} s: {why}")));
        left.RemoveAll(TooLong);
        await Task.Delay(left.Count == 0 ? Moment : Shorter(clock.GetElapsedTime(left[0].Since) + Moment, LongestPause), clock, ct);
        return left;

        bool TooLong(Message message) => clock.GetElapsedTime(message.Since) > GiveUpAfter;
        static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
    }

    private async Task<(List<Message> Left, string Why)> TryPublishAsync(List<Message> batch, CancellationToken ct)
    {
        try
        {
            var answer = await dapr.BulkPublishEventAsync(component, topic, batch.ConvertAll(m => m.Event), metadata: null, ct);
            var failed = answer.FailedEntries.Select(f => (object?)f.Entry.EventData).ToHashSet(ReferenceEqualityComparer.Instance);
            batch.FindAll(m => !failed.Contains(m.Event)).ForEach(m => m.Told.TrySetResult());
            return (batch.FindAll(m => failed.Contains(m.Event)), answer.FailedEntries.FirstOrDefault()?.ErrorMessage ?? "");
        }
        catch (DaprException e)
        {
            return (batch, e.InnerException?.Message ?? e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Topic} did not take {Count} messages, they leave again: {Why}")]
    private static partial void NotTaken(ILogger logger, string topic, int count, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stops publishing to {Topic}; what is left is published again by whoever does its work again")]
    private static partial void Stopping(ILogger logger, string topic);
}

/// <summary>Switches a publisher on.</summary>
public static class GatheringPublisherDefaults
{
    /// <summary>Adds <see cref="GatheringPublisher{T}"/> for one topic.</summary>
    public static IServiceCollection AddGatheringPublisher<T>(this IServiceCollection services, string component, string topic)
        where T : class
    {
        services.AddSingleton(sp => ActivatorUtilities.CreateInstance<GatheringPublisher<T>>(sp, component, topic));
        return services.AddHostedService(sp => sp.GetRequiredService<GatheringPublisher<T>>());
    }
}
