using System.Collections.Concurrent;
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
    // New at each run, like the tokens; the replicas of an app share one.
    private readonly ConcurrentDictionary<string, string> databasePasswords = new(StringComparer.Ordinal);
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
        var (postgres, redisPort, rabbitMqPort) = await StartServersAsync(secrets, ct);
        var environment = Environment(secrets, postgres, redisPort, rabbitMqPort);
        Settings = environment;
        Tokens = (environment["APP_API_TOKEN"], environment["DAPR_API_TOKEN"]);
        // The account of ./eco2 scan is also the operator's; others are added by Auth__Admins__0 and so on.
        environment["Auth__Admins__local"] = (await LocalUser.LoadOrCreateAsync(workspace.State, ct)).Email;
        var url = $"http://127.0.0.1:{plan.Apps.First(app => app.AppId == "gateway").AppPort}";
        environment["Auth__PublicUrl"] = System.Environment.GetEnvironmentVariable("Auth__PublicUrl") is { Length: > 0 } given ? given : url;
        await StartAppsAsync(environment, secrets, postgres, ct);
        record = new RunRecord(System.Environment.ProcessId, url, postgres, Address(redisPort), Address(rabbitMqPort), [], []);
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

    // A port is null when the target does not want that server.
    private async Task<(string Postgres, int? RedisPort, int? RabbitMqPort)> StartServersAsync(Secrets secrets, CancellationToken ct)
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
            return (connectionString, redisPort, rabbitMqPort);

            void Start(ProcessPlan server, Task ready)
            {
                servers.Add(Manage(server));
                servers[^1].Start();
                waiting.Add(ready);
            }
        });
    }

    private async Task StartAppsAsync(IReadOnlyDictionary<string, string> environment, Secrets secrets, string postgres, CancellationToken ct)
    {
        var watched = environment.Concat(observed ?? new Dictionary<string, string>()).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value);
        var sidecarPlan = await SidecarRuntime.PlanAsync(workspace, plan, SidecarRuntime.IsDaprd ? environment : watched, progress, ct);
        controlPlane.AddRange(sidecarPlan.ControlPlane.Select(Manage));
        sidecars.AddRange(sidecarPlan.Sidecars.Select(Manage));
        apps.AddRange(plan.Apps.Select(app => Manage(
            new ProcessPlan(app.Name, app.Command, app.Folder, Path.Combine(workspace.Logs, app.Name + ".log"), AppEnvironment(app, watched, OwnSecrets(app, secrets, postgres))))));
        var what = sidecars.Count == 1 ? "the sidecar" : $"{string.Join(", ", controlPlane.Select(process => process.Plan.Name))}, {sidecars.Count} sidecars";
        await progress.StepAsync($"Starting {what} and {plan.Apps.Count} apps", async detail =>
        {
            controlPlane.ForEach(process => process.Start());
            await Readiness.WaitAsync(sidecarPlan.Healthy, controlPlane, detail, clock, ct);
            sidecars.ForEach(sidecar => sidecar.Start());
            apps.ForEach(app => app.Start());
            await Readiness.WaitAsync(plan.Apps, [.. controlPlane, .. sidecars, .. apps], sidecarPlan.PatienceSeconds, detail, clock, ct);
        });
    }

    private Dictionary<string, string> Environment(Secrets secrets, string postgres, int? redisPort, int? rabbitMqPort)
    {
        string Folder(string name) => Directory.CreateDirectory(Path.Combine(workspace.State, name)).FullName;
        var environment = new Dictionary<string, string>
        {
            ["ECO2_OBJECTS_DIR"] = Folder("objects"),
            ["ECO2_MAIL_DIR"] = Folder("mail"),
            // New at each run: only what this run started may talk to its sidecars and apps.
            ["DAPR_API_TOKEN"] = Secrets.Password(),
            ["APP_API_TOKEN"] = Secrets.Password(),
            // A dozen small processes on one machine: memory matters more than the last bit of throughput.
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_GCConserveMemory"] = "5",
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_GCgen0size"] = "400000",
            ["MALLOC_ARENA_MAX"] = "2",
            // What the compiler allocated while an app started goes back to the system instead of waiting for more.
            ["MALLOC_TRIM_THRESHOLD_"] = "65536",
            ["MALLOC_MMAP_THRESHOLD_"] = "65536",
            ["MALLOC_TOP_PAD_"] = "16384",
        };
        if (redisPort is not null)
        {
            environment["ECO2_REDIS_HOST"] = $"127.0.0.1:{redisPort}";
            environment["ECO2_REDIS_PASSWORD"] = secrets.Redis;
        }

        if (rabbitMqPort is { } port)
        {
            environment["ECO2_RABBITMQ"] = PrivateRabbitMq.Url(secrets, port);
        }

        if (plan.Target.WantsStateDatabase)
        {
            environment["ECO2_STATE_POSTGRES"] = PrivatePostgres.StateDatabase(postgres);
        }

        return environment;
    }

    private static Dictionary<string, string> AppEnvironment(AppPlan app, IReadOnlyDictionary<string, string> common, IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string>(
            common.Concat(own).Concat(app.Environment).GroupBy(pair => pair.Key, StringComparer.Ordinal).Select(group => group.Last()))
        {
            ["APP_ID"] = app.AppId,
            ["APP_PORT"] = $"{app.AppPort}",
            ["APP_PROTOCOL"] = "http",
            ["DAPR_HTTP_PORT"] = $"{app.DaprHttpPort}",
            ["DAPR_GRPC_PORT"] = $"{app.DaprGrpcPort}",
        };
        if (app.MetricsPort is { } port)
        {
            environment["ECO2_METRICS_URL"] = $"http://127.0.0.1:{port}";
        }

        return environment;
    }

    /// <summary>What no other app may know. Who has a database has a login of its own there; it also gets the owner's, because nobody else migrates here.</summary>
    private Dictionary<string, string> OwnSecrets(AppPlan app, Secrets secrets, string postgres)
    {
        var own = new Dictionary<string, string>();
        if (app.AppId == "auth")
        {
            own["Auth__EncryptionKey"] = secrets.Encryption;
        }

        if (System.Environment.GetEnvironmentVariable("ECO2_POSTGRES") is { Length: > 0 } given)
        {
            own["ECO2_POSTGRES"] = given;
        }
        else if (Directory.Exists(Path.Combine(app.Folder, "Migrations")))
        {
            own["ECO2_POSTGRES"] = PrivatePostgres.Login(postgres, app.AppId, databasePasswords.GetOrAdd(app.AppId, _ => Secrets.Password()));
            own["ECO2_POSTGRES_OWNER"] = postgres;
        }

        return own;
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
