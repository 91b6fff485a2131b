using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>A whole system for one measurement: own folder, free ports, the model stand-in as its provider.</summary>
internal sealed class BenchSystem : IAsyncDisposable
{
    /// <summary>Thousands of people behind one address, who do not rest between scans. What the limits count is the same.</summary>
    private static readonly Dictionary<string, string> Crowd = new() { ["Edge__LimitFactor"] = "10000", ["Gateway__MaxConnectionsPerAddress"] = "0" };

    private readonly RunningSystem system;

    private BenchSystem(RunningSystem system, StandIn models)
    {
        (this.system, Models) = (system, models);
        Url = new Uri($"http://127.0.0.1:{App("gateway").AppPort}");
    }

    public StandIn Models { get; }

    public Uri Url { get; }

    public AppPlan App(string id) => system.Apps.First(app => app.AppId == id);

    /// <summary>What a program needs that takes the part of an app or of its sidecar.</summary>
    public IReadOnlyDictionary<string, string> Tokens => new Dictionary<string, string> { ["APP_API_TOKEN"] = system.Tokens.App, ["DAPR_API_TOKEN"] = system.Tokens.Dapr };

    /// <summary>Every process with its group: system or apart.</summary>
    public IReadOnlyList<(string Name, string Group, int Pid)> Processes() =>
    [
        .. system.Processes.Where(process => process.Pid is not null).Select(process => (process.Name, "system", process.Pid!.Value)),
        ("model stand-in", "apart", Models.Pid),
    ];

    /// <summary>The stand-in runs, the ports are chosen, and nothing else has begun.</summary>
    public static async Task<BenchSystem> PrepareAsync(
        Workspace workspace,
        double modelMeanMs,
        double sigma,
        int concurrency,
        IReadOnlyDictionary<string, int> replicas,
        IEnumerable<string> settings,
        Progress progress,
        CancellationToken ct)
    {
        // What an earlier run left undone must not be done in this one. Accounts and pictures are not there and stay.
        if (Path.Combine(workspace.State, "redis") is var left && Directory.Exists(left))
        {
            Leftovers.Stop(RunRecord.Read(workspace.RunRecord));
            Directory.Delete(left, recursive: true);
        }

        var models = await StandIn.StartAsync(workspace, modelMeanMs, sigma, ct);
        // The apps inherit our environment.
        foreach (var (name, value) in models.Environment(concurrency).Concat(Crowd).Concat(settings.Select(Pair)))
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        return new BenchSystem(new RunningSystem(workspace, RunPlan.Load(workspace, "redis", replicas, freePorts: true), progress, TimeProvider.System), models);
    }

    /// <summary>Returns when it is ready.</summary>
    public Task StartAsync(CancellationToken ct) => system.StartAsync(ct);

    public async ValueTask DisposeAsync()
    {
        await system.DisposeAsync();
        await Models.DisposeAsync();
    }

    private static KeyValuePair<string, string> Pair(string setting) => setting.Split('=', 2) is [var name, var value]
        ? KeyValuePair.Create(name, value)
        : throw new UserMessageException($"--set wants Name=Value; {setting} is not that.");
}
