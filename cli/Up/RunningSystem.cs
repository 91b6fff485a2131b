using Eco2.Cli.Machine;
using Eco2.Cli.Scan;
using Spectre.Console;

namespace Eco2.Cli.Up;

/// <summary>Everything that <c>./eco2 up</c> started: the servers, the sidecar process and the apps.</summary>
/// <param name="observed">What processes are told so that they can be watched; null: nobody watches.</param>
internal sealed class RunningSystem(Workspace workspace, RunPlan plan, Progress progress, TimeProvider clock, IReadOnlyDictionary<string, string>? observed = null) : IAsyncDisposable
{
    private readonly List<ManagedProcess> servers = [];
    private readonly List<ManagedProcess> controlPlane = [];
    private readonly List<ManagedProcess> sidecars = [];
    private readonly List<ManagedProcess> apps = [];
    private readonly SemaphoreSlim recording = new(1);
    private RunRecord? record;

    /// <summary>Everything it started, with the process that runs at the moment.</summary>
    public IEnumerable<(string Name, int? Pid)> Processes => servers.Concat(controlPlane).Concat(sidecars).Concat(apps).Select(process => (process.Plan.Name, process.Pid));

    /// <summary>The same, by what they are: server, sidecar or app.</summary>
    public IEnumerable<(string Kind, ManagedProcess Process)> Parts =>
        apps.Select(process => ("app", process)).Concat(controlPlane.Concat(sidecars).Select(process => ("sidecar", process))).Concat(servers.Select(process => ("server", process)));

    /// <summary>What apps and sidecars are told by environment variables.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    /// <summary>Of the gateway, once it is ready.</summary>
    public string Url => record?.Url ?? "";

    /// <summary>How the logs of this run are read.</summary>
    public string LogsCommand => workspace.IsUsual ? "./eco2 logs" : $"./eco2 logs --state {workspace.State}";

    /// <summary>What the apps' sidecars show to the apps, and the apps to their sidecars, in this run.</summary>
    public (string App, string Dapr) Tokens { get; private set; }

    /// <summary>The processes' names and ports.</summary>
    public IReadOnlyList<AppPlan> Apps => plan.Apps;

    /// <summary>Returns the URL to use once every app says that it is ready.</summary>
    public async Task<string> StartAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(workspace.Logs);
        Leftovers.Stop(RunRecord.Read(workspace.RunRecord));
        plan.EnsurePortsAreFree();
        var secrets = await Secrets.LoadOrCreateAsync(workspace.State, ct);
        var running = await StartServersAsync(secrets, ct);
        var settings = new ProcessSettings(workspace, plan, secrets, running);
        var environment = settings.Common();
        Settings = environment.Concat(settings.OfSidecars()).ToDictionary();
        Tokens = (environment["APP_API_TOKEN"], environment["DAPR_API_TOKEN"]);
        // The account of ./eco2 scan is also the operator's; others are added by Auth__Admins__0 and so on.
        environment["Auth__Admins__local"] = (await LocalUser.LoadOrCreateAsync(workspace.State, ct)).Email;
        var url = $"http://127.0.0.1:{plan.Apps.First(app => app.AppId == "gateway").AppPort}";
        environment["Auth__PublicUrl"] = Environment.GetEnvironmentVariable("Auth__PublicUrl") is { Length: > 0 } given ? given : url;
        await StartAppsAsync(environment, settings, running.Postgres, ct);
        record = new RunRecord(Environment.ProcessId, url, running.Postgres, Address(running.RedisPort), Address(running.RabbitMqPort), [], []);
        await RecordAsync(ct);
        return url;
    }

    private static string? Address(int? port) => port is null ? null : $"127.0.0.1:{port}";

    public Table Table()
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("app", "port", "sidecar", "process", "health");
        foreach (var (app, process) in plan.Apps.Zip(apps))
        {
            table.AddRow(app.Name, $"{app.AppPort}", $"{app.DaprHttpPort}, {app.DaprGrpcPort}", $"{process.Pid}", "[green]ready[/]");
        }

        return table;
    }

    public async ValueTask DisposeAsync()
    {
        // Apps first, so that they can finish what they hold; the servers hold the data and go last.
        await Task.WhenAll(sidecars.Concat(apps).Select(app => app.StopAsync(TimeSpan.FromSeconds(controlPlane.Count > 0 ? 8 : 3))));
        await Task.WhenAll(controlPlane.Select(process => process.StopAsync(TimeSpan.FromSeconds(5))));
        await Task.WhenAll(servers.Select(server => server.StopAsync(TimeSpan.FromSeconds(1.5))));
        apps.Concat(sidecars).Concat(controlPlane).Concat(servers).ToList().ForEach(process => process.Dispose());
        await recording.WaitAsync();
        record = null;
        File.Delete(workspace.RunRecord);
        recording.Release();
    }

    private async Task<PrivateServers> StartServersAsync(Secrets secrets, CancellationToken ct)
    {
        var target = plan.Target;
        string[] names = ["PostgreSQL", .. target.WantsRedis ? ["Redis"] : Array.Empty<string>(), .. target.WantsRabbitMq ? ["RabbitMQ"] : Array.Empty<string>()];
        return await progress.StepAsync($"Starting {string.Join(" and ", names)}", async _ =>
        {
            var waiting = new List<Task>();
            var (postgres, connectionString) = await PrivatePostgres.PrepareAsync(workspace, secrets, progress, ct);
            Start(postgres, PrivatePostgres.WaitAsync(connectionString, target.WantsStateDatabase, clock, ct));
            int? redisPort = null, rabbitMqPort = null;
            if (target.WantsRedis)
            {
                (var redis, redisPort) = await PrivateRedis.PrepareAsync(workspace, secrets, progress, ct);
                Start(redis, PrivateRedis.WaitAsync(secrets, redisPort.Value, clock, ct));
            }

            if (target.WantsRabbitMq)
            {
                (var rabbitMq, rabbitMqPort) = await PrivateRabbitMq.PrepareAsync(workspace, secrets, progress, ct);
                Start(rabbitMq, PrivateRabbitMq.WaitAsync(rabbitMqPort.Value, clock, ct));
            }

            await Task.WhenAll(waiting);
            return new PrivateServers(connectionString, redisPort, rabbitMqPort);

            void Start(ProcessPlan server, Task ready)
            {
                servers.Add(Manage(server));
                servers[^1].Start();
                waiting.Add(ready);
            }
        });
    }

    private async Task StartAppsAsync(IReadOnlyDictionary<string, string> environment, ProcessSettings settings, string owner, CancellationToken ct)
    {
        var watched = environment.Concat(observed ?? new Dictionary<string, string>()).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value);
        var ofSidecars = (SidecarRuntime.IsDaprd ? environment : watched).Concat(settings.OfSidecars()).ToDictionary();
        var sidecarPlan = await SidecarRuntime.PlanAsync(workspace, plan, ofSidecars, progress, ct);
        controlPlane.AddRange(sidecarPlan.ControlPlane.Select(Manage));
        sidecars.AddRange(sidecarPlan.Sidecars.Select(Manage));
        apps.AddRange(plan.Apps.Select(app => Manage(
            new ProcessPlan(app.Name, app.Command, app.Folder, Path.Combine(workspace.Logs, app.Name + ".log"), settings.OfApp(app, watched)))));
        var what = sidecars.Count == 1 ? "the sidecar" : $"{string.Join(", ", controlPlane.Select(process => process.Plan.Name))}, {sidecars.Count} sidecars";
        await progress.StepAsync($"Starting {what} and {plan.Apps.Count} apps", async detail =>
        {
            controlPlane.ForEach(process => process.Start());
            await Readiness.WaitAsync(sidecarPlan.Healthy, controlPlane, detail, clock, ct);
            sidecars.ForEach(sidecar => sidecar.Start());
            detail("migrating");
            await Task.WhenAll(plan.Apps.Zip(apps).GroupBy(pair => pair.First.AppId, pair => pair, StringComparer.Ordinal).Select(replicas => StartAsync([.. replicas])));
            await Readiness.WaitAsync(plan.Apps, [.. controlPlane, .. sidecars, .. apps], sidecarPlan.PatienceSeconds, detail, clock, ct);
        });

        // Who has a database waits for its own migrations alone; the others start meanwhile.
        async Task StartAsync((AppPlan Plan, ManagedProcess Process)[] replicas)
        {
            if (ProcessSettings.NeedsMigrations(replicas[0].Plan))
            {
                await Migrations.RunAsync(replicas[0].Process.Plan, owner, ct);
            }

            Array.ForEach(replicas, replica => replica.Process.Start());
        }
    }

    private ManagedProcess Manage(ProcessPlan process) => new(process, progress, clock) { Changed = () => _ = RecordAsync(CancellationToken.None) };

    /// <summary>Says which processes run, at first and whenever one was started again: whoever starts next must find what is left.</summary>
    private async Task RecordAsync(CancellationToken ct)
    {
        await recording.WaitAsync(ct);
        try
        {
            if (record is not null)
            {
                var running = plan.Apps.Zip(apps).Select(pair => new RunningApp(pair.First.Name, pair.First.AppId, pair.Second.Pid, pair.First.AppPort, pair.First.DaprHttpPort, pair.First.DaprGrpcPort))
                    .Concat(controlPlane.Concat(sidecars).Select(process => new RunningApp(process.Plan.Name, "", process.Pid, 0, 0, 0)));
                record = record with { Servers = [.. servers.Select(server => new RunningServer(server.Plan.Name, server.Pid))], Apps = [.. running] };
                await record.WriteAsync(workspace.RunRecord, ct);
            }
        }
        finally
        {
            recording.Release();
        }
    }
}
