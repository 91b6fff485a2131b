using System.Threading.Channels;
using Eco2.Contracts.Jobs;
using Microsoft.Extensions.Options;

namespace Eco2.SseGateway.Streams;

/// <summary>Hands the news of a job to the streams that are open for it on this replica, and wakes a stream when its time has come.
/// A stream is one small channel; one timer serves them all.</summary>
internal sealed class StreamHub(IOptions<SseOptions> options, TimeProvider clock, IHostApplicationLifetime host) : BackgroundService
{
    private readonly Dictionary<Guid, List<Subscription>> jobs = [];
    private readonly SseOptions limits = options.Value;

    /// <summary>What a stream is woken with.</summary>
    /// <param name="News">New entries of the log; null means: look at the clock.</param>
    internal readonly record struct Signal(IReadOnlyList<JobEvent>? News);

    internal sealed class Subscription(StreamHub hub, Guid jobId, int maxBehind) : IDisposable
    {
        private readonly Channel<Signal> channel = Channel.CreateBounded<Signal>(
            new BoundedChannelOptions(maxBehind) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

        private long wakeAt = long.MaxValue;

        internal Guid JobId { get; } = jobId;

        /// <summary>Timestamp of the clock at which the stream wants to be woken if nothing happens before.</summary>
        internal long WakeAt
        {
            get => Volatile.Read(ref wakeAt);
            set => Volatile.Write(ref wakeAt, value);
        }

        internal ChannelReader<Signal> Signals => channel.Reader;

        // A full channel refuses: the stream will see the hole in the numbers and read the log.
        internal void Wake(Signal signal) => channel.Writer.TryWrite(signal);

        public void Dispose() => hub.Forget(this);
    }

    internal Subscription Subscribe(Guid jobId)
    {
        var subscription = new Subscription(this, jobId, limits.MaxBehind);
        lock (jobs)
        {
            if (jobs.TryGetValue(jobId, out var list))
            {
                list.Add(subscription);
            }
            else
            {
                jobs.Add(jobId, [subscription]);
            }
        }

        return subscription;
    }

    internal void Publish(JobFanout news)
    {
        lock (jobs)
        {
            if (jobs.TryGetValue(news.JobId, out var list))
            {
                list.ForEach(s => s.Wake(new Signal(news.Events)));
            }
        }
    }

    private void Forget(Subscription subscription)
    {
        lock (jobs)
        {
            var list = jobs[subscription.JobId];
            list.Remove(subscription);
            if (list.Count == 0)
            {
                jobs.Remove(subscription.JobId);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Streams must leave before the server waits for them to leave.
        using var stopping = host.ApplicationStopping.Register(() => Wake(long.MaxValue));
        var tick = TimeSpan.FromTicks(Math.Min(limits.Keepalive.Ticks / 3, TimeSpan.TicksPerSecond));
        using var timer = new PeriodicTimer(tick, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Wake(clock.GetTimestamp());
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Wake(long.MaxValue);
        }
    }

    private void Wake(long now)
    {
        lock (jobs)
        {
            foreach (var subscription in jobs.Values.SelectMany(list => list).Where(s => s.WakeAt <= now))
            {
                subscription.Wake(default);
            }
        }
    }
}
