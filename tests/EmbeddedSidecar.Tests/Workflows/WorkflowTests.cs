using Dapr.DurableTask.Protobuf;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Npgsql;
using Xunit;

namespace EmbeddedSidecar.Tests.Workflows;

/// <summary>Where the tests of this folder keep their workflows.</summary>
public interface IWorkflowStore : IAsyncLifetime
{
    /// <summary>A Component document with actorStateStore set.</summary>
    string Component { get; }
}

/// <summary>A store that several sidecars can use.</summary>
public interface IServerWorkflows : IWorkflowStore
{
    /// <summary>The keys of the store, read behind the sidecar's back; * stands for anything.</summary>
    Task<string[]> KeysAsync(string pattern);
}

public sealed class InMemoryWorkflows : IWorkflowStore
{
    public string Component => """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: workflow }
        spec:
          type: state.in-memory
          version: v1
          metadata:
          - { name: actorStateStore, value: "true" }
        """;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.CompletedTask;
}

public sealed class RedisWorkflows : IServerWorkflows
{
    private RedisServer? _server;

    public RedisServer Server => _server!;

    public string Component => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: workflow }
        spec:
          type: state.redis
          version: v1
          metadata:
          - { name: redisHost, value: "{{Server.Host}}" }
          - { name: redisPassword, value: "" }
          - { name: actorStateStore, value: "true" }
        """;

    public async Task InitializeAsync() => _server = await RedisServer.StartAsync(durable: true);

    public async Task DisposeAsync() => await Server.DisposeAsync();

    public async Task<string[]> KeysAsync(string pattern)
    {
        await using var redis = await RedisFixture.ConnectAsync(Server);
        return [.. (await redis.SendAsync("KEYS", pattern)).Items!.Select(key => key.Text!)];
    }
}

public sealed class PostgresWorkflows : IServerWorkflows
{
    private string _database = "";

    public string Component => SidecarFixture.OnPostgres("workflow", _database, "actorStateStore: true");

    public async Task InitializeAsync() => _database = await PostgresCluster.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public async Task<string[]> KeysAsync(string pattern)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select coalesce(array_agg(key), '{}') from state where key like replace($1, '*', '%')", connection)
        {
            Parameters = { new() { Value = pattern } },
        };
        return (string[])(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>Tests that hold whatever the store: a sidecar in this process for each, spoken to only over its ports.</summary>
public abstract class WorkflowTests(IWorkflowStore store) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _workers = [];
    private SidecarFixture? _sidecar;
    private TaskHub? _hub;

    private protected TaskHub Hub => _hub!;

    private protected ISidecarRun Host => _sidecar!.Host;

    private protected string Component => store.Component;

    /// <summary>Fresh for each test: a store outlives a test.</summary>
    private protected string AppId { get; } = $"app-{Guid.CreateVersion7():N}";

    private protected virtual IEnumerable<AppSettings> Apps => [Settings(AppId)];

    private protected virtual TimeProvider Clock => TimeProvider.System;

    public virtual async Task InitializeAsync()
    {
        _sidecar = await SidecarFixture.StartAsync(Clock, "", [.. Apps]);
        _hub = new TaskHub(Host.Apps[0].GrpcEndpoint);
    }

    public virtual async Task DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        _hub?.Dispose();
        await _sidecar!.DisposeAsync();
    }

    private protected async Task RestartAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        _workers.Clear();
        _hub!.Dispose();
        await _sidecar!.DisposeAsync();
        await InitializeAsync();
    }

    private protected AppSettings Settings(string appId) => new() { AppId = appId, InlineResources = store.Component };

    private protected ScriptedWorker Worker(Func<WorkflowRequest, WorkflowResponse?> onTurn, Action<ScriptedWorker>? more = null, int app = 0)
    {
        var worker = ScriptedWorker.Connect(Host.Apps[app].GrpcEndpoint, w =>
        {
            w.OnTurn = onTurn;
            more?.Invoke(w);
        });
        _workers.Add(worker);
        return worker;
    }

    private protected static string[] Kinds(IEnumerable<HistoryEvent> events) => [.. events.Select(e => e.EventTypeCase.ToString())];
}
