using System.Collections.Concurrent;
using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

public sealed class KillTestsOnRedis(RedisWorkflows store) : KillTests(store), IClassFixture<RedisWorkflows>;

public sealed class KillTestsOnPostgres(PostgresWorkflows store) : KillTests(store), IClassFixture<PostgresWorkflows>;

/// <summary>The sidecar as a process of its own, killed again and again while workflows run.</summary>
public abstract class KillTests(IServerWorkflows store) : IAsyncLifetime
{
    private const int Workflows = 50;
    private const int Kills = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("workflow-kill-").FullName;
    private readonly int _grpcPort = ChildServer.FreePort();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(string Instance, int Task), string> _acknowledged = new();
    private ChildServer? _sidecar;
    private int _executions;

    private Uri Address => new($"http://127.0.0.1:{_grpcPort}");

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "workflow.yaml"), store.Component);
        await File.WriteAllTextAsync(Path.Combine(_folder, "dapr.yaml"), $"""
            version: 1
            apps:
            - appID: kill
              appDirPath: .
              daprHTTPPort: {ChildServer.FreePort()}
              daprGRPCPort: {_grpcPort}
              command: ["true"]
            """);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Killed_at_any_moment_every_workflow_finishes_with_one_consistent_history()
    {
        var random = new Random(20261121);
        await StartSidecarAsync();
        var working = WorkAsync();
        var clients = Enumerable.Range(0, Workflows).Select(i => FinishAsync($"w{i}")).ToList();
        for (var i = 0; i < Kills; i++)
        {
            // Each kill falls into running work: after some more of the 200 activities, then at any point of the next milliseconds.
            var until = 8 + (22 * i) + random.Next(12);
            await Eventually.TrueAsync(() => _executions >= until, $"{until} activities ran", TimeSpan.FromSeconds(60));
            await Task.Delay(random.Next(15));
            await _sidecar!.DisposeAsync();
            await StartSidecarAsync();
        }

        await Task.WhenAll(clients);
        using var hub = new TaskHub(Address);
        for (var i = 0; i < Workflows; i++)
        {
            Check($"w{i}", await hub.HistoryAsync($"w{i}"));
            Check($"w{i}:0003", await hub.HistoryAsync($"w{i}:0003"));
        }

        await Eventually.TrueAsync(async () => (await store.KeysAsync("*.live||*||slot")).Length == 0, "no instance is held for running");
        Assert.Empty(await store.KeysAsync("kill||*||inbox-*"));
        await _stop.CancelAsync();
        await working;
    }

    // Two activities, a short timer, a child with an activity, a last activity.
    private static WorkflowResponse Turn(WorkflowRequest request)
    {
        if (request.All().First(e => e.ExecutionStarted is not null).ExecutionStarted.Name == "Child")
        {
            return Sequence("Leaf")(request);
        }

        var open = request.All().Count(e => e.TaskScheduled is not null || e.TimerCreated is not null || e.ChildWorkflowInstanceCreated is not null);
        var answered = request.All().Count(e => e.TaskCompleted is not null || e.TimerFired is not null || e.ChildWorkflowInstanceCompleted is not null);
        return open > answered ? Answer() : open switch
        {
            0 => Answer(Activity(0, "A")),
            1 => Answer(Activity(1, "B")),
            2 => Answer(Timer(2, request.NewEvents[0].Timestamp.ToDateTimeOffset().AddMilliseconds(150))),
            3 => Answer(Child(3, "Child")),
            4 => Answer(Activity(4, "C")),
            _ => Answer(Complete(5, string.Join(",", request.All().Where(e => e.TaskCompleted is not null).Select(e => e.TaskCompleted.Result)))),
        };
    }

    private void Check(string id, IReadOnlyList<HistoryEvent> history)
    {
        Assert.Equal(["WorkflowStarted", "ExecutionStarted"], history.Take(2).Select(e => e.EventTypeCase.ToString()));
        Assert.NotNull(history[^1].ExecutionCompleted);
        Assert.Single(history, e => e.ExecutionCompleted is not null);
        var open = new HashSet<int>();
        var all = new HashSet<int>();
        foreach (var e in history)
        {
            if (e.TaskScheduled is not null || e.TimerCreated is not null || e.ChildWorkflowInstanceCreated is not null)
            {
                Assert.True(all.Add(e.EventId), $"{id}: action {e.EventId} is there twice");
                open.Add(e.EventId);
            }
            else if ((e.TaskCompleted?.TaskScheduledId ?? e.TimerFired?.TimerId ?? e.ChildWorkflowInstanceCompleted?.TaskScheduledId) is { } answered)
            {
                Assert.True(open.Remove(answered), $"{id}: {answered} is answered twice or was never asked");
            }

            if (e.TaskCompleted is { } completed && _acknowledged.TryGetValue((id, completed.TaskScheduledId), out var result))
            {
                Assert.Equal(result, completed.Result);
            }
        }

        Assert.Empty(open);
        Assert.Equal(
            string.Join(",", history.Where(e => e.TaskCompleted is not null).Select(e => e.TaskCompleted.Result)),
            history[^1].ExecutionCompleted.Result);
    }

    private async Task StartSidecarAsync()
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "EmbeddedSidecar.dll");
        _sidecar = ChildServer.Start(
            $"dotnet '{dll}' --run-file '{_folder}/dapr.yaml' --resources-path '{_folder}' --log-level warn", _folder, temporary: false);
        await ChildServer.WaitForPortAsync(_grpcPort);
    }

    // A worker that comes back whenever its sidecar does. Every execution has a result of its own, so a second one would show.
    private async Task WorkAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var wire = new GrpcWire(Address);
            await using var worker = ScriptedWorker.Connect(Address, w =>
            {
                w.Remembers = false;
                w.OnTurn = Turn;
                w.OnActivity = async request =>
                {
                    var result = $"{request.Name}-{Interlocked.Increment(ref _executions)}";
                    try
                    {
                        await wire.UnaryAsync<CompleteTaskResponse>("/TaskHubSidecarService/CompleteActivityTask", Done(request, result));
                        _acknowledged.TryAdd((request.WorkflowInstance.InstanceId, request.TaskId), result);
                    }
                    catch (Exception gone) when (gone is HttpRequestException or WireException or ObjectDisposedException)
                    {
                        // Killed before it answered: the result may be stored or not; either is right.
                    }

                    return null;
                };
            });
            await Task.WhenAny(worker.Running, Task.Delay(Timeout.Infinite, _stop.Token));
        }
    }

    private async Task FinishAsync(string id)
    {
        while (true)
        {
            try
            {
                using var hub = new TaskHub(Address);
                if (await hub.GetAsync(id) is null)
                {
                    await hub.StartAsync(id, "Parent", deadline: TimeSpan.FromSeconds(60));
                }

                await hub.CompletedAsync(id, TimeSpan.FromSeconds(90));
                return;
            }
            catch (Exception gone) when (gone is HttpRequestException or WireException { Code: 6 or 14 })
            {
                // Down or started by the call before: ask again when it is up.
                await ChildServer.WaitForPortAsync(_grpcPort);
            }
        }
    }
}
