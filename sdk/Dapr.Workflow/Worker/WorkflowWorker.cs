using Dapr.Common.Serialization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>
/// Takes work items from the sidecar for as long as the app runs. 1. One stream of items; any break is followed by another try
/// a quarter of a second later, then after pauses of up to five seconds, for ever: the app runs without a sidecar too. 2. The stream is always read, because a sidecar ends one
/// that blocks; what may run at a time is bounded here. 3. Each answer is a call of its own. A turn's answer dies with the stream
/// it came from, for the sidecar hands the turn out again. 4. On shutdown no new item is taken, what runs is finished, then the
/// stream is closed, and the sidecar gives the rest to another worker.
/// </summary>
internal sealed partial class WorkflowWorker : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HelloInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private readonly WorkerConnection _connection;
    private readonly TurnRunner _turns;
    private readonly ActivityRunner _activities;
    private readonly TimeProvider _clock;
    private readonly ILogger<WorkflowWorker> _logger;
    private readonly SemaphoreSlim _turnSlots;
    private readonly SemaphoreSlim _activitySlots;
    private readonly InFlight _inFlight = new();

    public WorkflowWorker(
        WorkerConnection connection,
        IWorkflowsFactory factory,
        IServiceScopeFactory scopes,
        IServiceProvider services,
        IDaprSerializer serializer,
        WorkflowRuntimeOptions options,
        ILoggerFactory loggers)
    {
        _connection = connection;
        _logger = loggers.CreateLogger<WorkflowWorker>();
        _turns = new TurnRunner(factory, scopes, serializer, loggers);
        _activities = new ActivityRunner(factory, scopes, serializer, _logger);
        _clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _turnSlots = new SemaphoreSlim(options.WorkflowLimit);
        _activitySlots = new SemaphoreSlim(options.ActivityLimit);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _inFlight.DrainAsync(cancellationToken).ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _turnSlots.Dispose();
        _activitySlots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the host's start: it waits until this method first yields.
        await Task.Yield();
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = _clock.GetTimestamp();
            try
            {
                await ServeAsync(stoppingToken).ConfigureAwait(false);
                StreamEnded(_logger);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (RpcException failure)
            {
                StreamBroke(_logger, failure.Status.StatusCode, failure.Status.Detail);
            }

            // A stream that held for a while was sound: its sidecar is probably being started again.
            pause = _clock.GetElapsedTime(began) > LongestPause ? ShortestPause : pause;
            try
            {
                await Task.Delay(pause, _clock, stoppingToken).ConfigureAwait(false);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(CancellationToken stoppingToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        try
        {
            // Beside the stream, not after it: a sidecar may send the stream's headers only with its first item.
            _ = GreetAsync(alive.Token);
            using var items = await _connection.Grpc
                .ServerStreamAsync("GetWorkItems", new Proto.GetWorkItemsRequest(), Proto.WorkItem.Parser, alive.Token).ConfigureAwait(false);
            Connected(_logger);
            while (await items.NextAsync().ConfigureAwait(false) is { } item)
            {
                if (_inFlight.TryEnter())
                {
                    _ = Task.Run(() => HandleAsync(item, alive.Token), CancellationToken.None);
                }
            }
        }
        finally
        {
            await alive.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task HandleAsync(Proto.WorkItem item, CancellationToken alive)
    {
        try
        {
            switch (item.RequestCase)
            {
                case Proto.WorkItem.RequestOneofCase.WorkflowRequest:
                    await TurnAsync(item.WorkflowRequest, item.CompletionToken, alive).ConfigureAwait(false);
                    break;
                case Proto.WorkItem.RequestOneofCase.ActivityRequest:
                    await ActivityAsync(item.ActivityRequest, item.CompletionToken, alive).ConfigureAwait(false);
                    break;
                default:
                    UnknownItem(_logger);
                    break;
            }
        }
        catch (OperationCanceledException) when (alive.IsCancellationRequested)
        {
            Abandoned(_logger);
        }
#pragma warning disable CA1031 // One item must not end the worker; the sidecar delivers it again when the stream breaks.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            ItemFailed(_logger, failure);
        }
        finally
        {
            _inFlight.Leave();
        }
    }

    private async Task TurnAsync(Proto.WorkflowRequest request, string completionToken, CancellationToken alive)
    {
        await _turnSlots.WaitAsync(alive).ConfigureAwait(false);
        try
        {
            IEnumerable<Proto.HistoryEvent> past = request.PastEvents;
            if (request.RequiresHistoryStreaming)
            {
                var asked = new Proto.GetInstanceHistoryRequest { InstanceId = request.InstanceId };
                past = (await _connection.Grpc.UnaryAsync("GetInstanceHistory", asked, Proto.GetInstanceHistoryResponse.Parser, alive)
                    .ConfigureAwait(false)).Events;
            }

            var response = _turns.Run(request, past, completionToken);
            await AnswerAsync("CompleteOrchestratorTask", response, alive).ConfigureAwait(false);
        }
        finally
        {
            _turnSlots.Release();
        }
    }

    private async Task ActivityAsync(Proto.ActivityRequest request, string completionToken, CancellationToken alive)
    {
        await _activitySlots.WaitAsync(alive).ConfigureAwait(false);
        try
        {
            var response = await _activities.RunAsync(request, completionToken).ConfigureAwait(false);
            await AnswerAsync("CompleteActivityTask", response, alive).ConfigureAwait(false);
        }
        finally
        {
            _activitySlots.Release();
        }
    }

    // While the stream lives the sidecar waits for this answer and will not ask again, so a refused connection is tried again.
    private async Task AnswerAsync(string method, Google.Protobuf.IMessage answer, CancellationToken alive)
    {
        while (true)
        {
            try
            {
                await _connection.Grpc.UnaryAsync(method, answer, Proto.CompleteTaskResponse.Parser, alive).ConfigureAwait(false);
                return;
            }
            catch (RpcException failure) when (failure.StatusCode == StatusCode.Unavailable)
            {
                await Task.Delay(RetryPause, _clock, alive).ConfigureAwait(false);
            }
        }
    }

    private async Task GreetAsync(CancellationToken alive)
    {
        using var timer = new PeriodicTimer(HelloInterval, _clock);
        try
        {
            do
            {
                try
                {
                    await _connection.Grpc.UnaryAsync("Hello", new Empty(), Empty.Parser, alive, timeout: HelloInterval).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is RpcException or OperationCanceledException && !alive.IsCancellationRequested)
                {
                    // The end of the stream is what brings a new connection; a missed greeting is only worth a line.
                    HelloFailed(_logger, failure.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(alive).ConfigureAwait(false));
        }
        catch (Exception failure) when (failure is RpcException or OperationCanceledException && alive.IsCancellationRequested)
        {
            HelloFailed(_logger, "the stream ended");
        }
    }
}
