using System.Collections.Concurrent;
using Dapr.DurableTask.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Tests.Workflows.Wire;

/// <summary>
/// A worker whose every move a test decides: one GetWorkItems stream, a function for turns, a function for activities.
/// </summary>
internal sealed class ScriptedWorker : IAsyncDisposable
{
    private const string Service = "/TaskHubSidecarService/";

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _start = new();
    private readonly GrpcWire _wire;
    private readonly Task _running;
    private bool _disposed;

    private ScriptedWorker(Uri address)
    {
        _wire = new GrpcWire(address);
        _running = Task.Run(RunAsync);
    }

    public ConcurrentQueue<WorkflowRequest> Turns { get; } = [];

    public ConcurrentQueue<ActivityRequest> Activities { get; } = [];

    /// <summary>Null: the turn is left without an answer.</summary>
    public Func<WorkflowRequest, WorkflowResponse?> OnTurn { get; set; } = Script.Nothing;

    /// <summary>Null: the activity is left without an answer.</summary>
    public Func<ActivityRequest, Task<ActivityResponse?>> OnActivity { get; set; } = request =>
        Task.FromResult<ActivityResponse?>(Script.Done(request, $"\"{request.Name}\""));

    /// <summary>Echo completion tokens, as .NET and Go do and JavaScript does not.</summary>
    public bool EchoesTokens { get; set; } = true;

    /// <summary>Keep what arrived, for tests to look at.</summary>
    public bool Remembers { get; set; } = true;

    /// <summary>How the stream ended.</summary>
    public Task Running => _running;

    public static ScriptedWorker Connect(Uri address, Action<ScriptedWorker> script)
    {
        var worker = new ScriptedWorker(address);
        script(worker);
        worker._start.SetResult();
        return worker;
    }

    /// <summary>Breaks the stream as a crash would.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (Exception gone) when (gone is OperationCanceledException or HttpRequestException or IOException or WireException)
        {
            // The stream was cut on purpose.
        }

        _wire.Dispose();
        _stop.Dispose();
    }

    public Task AnswerAsync(WorkflowResponse response) =>
        _wire.UnaryAsync<CompleteTaskResponse>(Service + "CompleteOrchestratorTask", response);

    public Task AnswerAsync(ActivityResponse response) =>
        _wire.UnaryAsync<CompleteTaskResponse>(Service + "CompleteActivityTask", response);

    private async Task RunAsync()
    {
        await _start.Task;
        await _wire.UnaryAsync<Empty>(Service + "Hello", new Empty(), ct: _stop.Token);
        await foreach (var item in _wire.StreamAsync<WorkItem>(Service + "GetWorkItems", new GetWorkItemsRequest(), _stop.Token))
        {
            _ = item.WorkflowRequest is not null
                ? TurnAsync(item.WorkflowRequest, item.CompletionToken)
                : ActivityAsync(item.ActivityRequest);
        }
    }

    private async Task TurnAsync(WorkflowRequest request, string token)
    {
        if (Remembers)
        {
            Turns.Enqueue(request);
        }

        if (OnTurn(request) is { } response)
        {
            response.InstanceId = request.InstanceId;
            response.CompletionToken = EchoesTokens ? token : "";
            await TryAsync(() => AnswerAsync(response));
        }
    }

    private async Task ActivityAsync(ActivityRequest request)
    {
        if (Remembers)
        {
            Activities.Enqueue(request);
        }

        if (await OnActivity(request) is { } response)
        {
            await TryAsync(() => AnswerAsync(response));
        }
    }

    private static async Task TryAsync(Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException or ObjectDisposedException or WireException)
        {
            // The sidecar was killed, or we were: an answer that does not arrive is what such a test is about.
        }
    }
}
