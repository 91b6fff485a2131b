using System.Threading.Channels;
using Eco2.Contracts.Jobs;

namespace Eco2.LoadGenerator;

/// <summary>Publishes events of many jobs as the worker does (<c>GatheringPublisher</c>): what comes within a moment, or while a call is under way,
/// leaves in one call, and whoever publishes waits for it.</summary>
internal sealed class GatheredEvents(Jobs jobs, TimeProvider clock)
{
    private const int MostPerCall = 100;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(15);

    private readonly Channel<(JobEventBatch Batch, TaskCompletionSource Told)> queue = Channel.CreateBounded<(JobEventBatch, TaskCompletionSource)>(10_000);

    public async Task PublishAsync(JobEventBatch batch, CancellationToken ct)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await queue.Writer.WriteAsync((batch, told), ct);
        await told.Task.WaitAsync(ct);
    }

    /// <summary>Returns when <paramref name="ct"/> is cancelled, or throws what a call threw.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var call = new List<(JobEventBatch Batch, TaskCompletionSource Told)>(MostPerCall);
        try
        {
            while (await queue.Reader.WaitToReadAsync(ct))
            {
                await Task.Delay(Moment, clock, ct);
                while (call.Count < MostPerCall && queue.Reader.TryRead(out var one))
                {
                    call.Add(one);
                }

                await jobs.PublishAsync(call.Select(one => one.Batch), ct);
                call.ForEach(one => one.Told.SetResult());
                call.Clear();
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            queue.Writer.TryComplete(e);
            while (queue.Reader.TryRead(out var one))
            {
                call.Add(one);
            }

            call.ForEach(one => one.Told.TrySetException(e));
            if (!ct.IsCancellationRequested)
            {
                throw;
            }
        }
    }
}
