using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>Real Dapr on this machine, without its CLI: a placement, a scheduler, and a daprd for each process of each app. Everything
/// listens on loopback; the first line of each log is the command. See docs/daprd.md.</summary>
internal static class Daprd
{
    private const string Loopback = "127.0.0.1";

    // Which releases the arguments below were read from.
    internal const string Written = "1.18.";

    public static async Task<SidecarPlan> PlanAsync(DaprPrograms binaries, Workspace workspace, RunPlan plan, IReadOnlyDictionary<string, string> environment, Progress progress, CancellationToken ct)
    {
        var (_, printed) = await Shell.RunAsync(binaries.Daprd, ["--version"], workspace.Root, ct);
        var version = printed.Trim();
        progress.Say($"Real Dapr: daprd {version} at {binaries.Daprd}, placement at {binaries.Placement}, scheduler at {binaries.Scheduler}.");
        if (!version.StartsWith(Written, StringComparison.Ordinal))
        {
            progress.Warn($"eco2 starts daprd as {Written}x wants it; this one says {version}. If it refuses an argument, its log says which.");
        }

        await SidecarRuntime.WriteInstancesAsync(workspace, plan, ct);
        var ports = new ControlPorts(Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free(), Ports.Free());
        var folder = Directory.CreateDirectory(Path.Combine(workspace.State, "daprd")).FullName;
        var configuration = await WriteConfigurationAsync(folder, ct);
        var processes = new List<ProcessPlan>
        {
            Placement(workspace, binaries.Placement, ports, environment),
            Scheduler(workspace, binaries.Scheduler, ports, Path.Combine(folder, "scheduler"), environment),
        };
        var sidecars = plan.Apps.Select(app => Sidecar(workspace, binaries.Daprd, plan, app, ports, configuration, environment)).ToList();
        foreach (var process in processes.Concat(sidecars))
        {
            await File.AppendAllTextAsync(process.Log, $"$ {string.Join(' ', process.Command)}\n", ct);
        }

        progress.Say($"placement {Loopback}:{ports.Placement}, scheduler {Loopback}:{ports.Scheduler}; a daprd for each app. Commands and output: {workspace.Logs}/daprd-*.log, placement.log, scheduler.log");
        return new SidecarPlan(
            processes,
            [new Uri($"http://{Loopback}:{ports.PlacementHealth}/healthz"), new Uri($"http://{Loopback}:{ports.SchedulerHealth}/healthz")],
            sidecars,
            PatienceSeconds: 180);
    }

    private static ProcessPlan Placement(Workspace workspace, string binary, ControlPorts ports, IReadOnlyDictionary<string, string> environment) => new(
        "placement",
        [
            binary,
            "--listen-address", Loopback, "--port", $"{ports.Placement}",
            "--healthz-port", $"{ports.PlacementHealth}",
            "--initial-cluster", $"dapr-placement-0={Loopback}:{ports.Raft}",
            "--enable-metrics=false",
        ],
        workspace.State,
        Path.Combine(workspace.Logs, "placement.log"),
        environment);

    // Reminders, jobs and the timers of workflows live in its data: it stays with the run's other data.
    private static ProcessPlan Scheduler(Workspace workspace, string binary, ControlPorts ports, string data, IReadOnlyDictionary<string, string> environment) => new(
        "scheduler",
        [
            binary,
            "--listen-address", Loopback, "--port", $"{ports.Scheduler}",
            // What daprd is told to connect to.
            "--override-broadcast-host-port", $"{Loopback}:{ports.Scheduler}",
            "--healthz-port", $"{ports.SchedulerHealth}",
            "--etcd-data-dir", data,
            "--etcd-client-listen-address", Loopback, "--etcd-client-port", $"{ports.EtcdClient}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://{Loopback}:{ports.EtcdPeer}",
            "--enable-metrics=false",
        ],
        workspace.State,
        Path.Combine(workspace.Logs, "scheduler.log"),
        environment);

    private static ProcessPlan Sidecar(Workspace workspace, string binary, RunPlan plan, AppPlan app, ControlPorts ports, string configuration, IReadOnlyDictionary<string, string> environment) => new(
        NameOf(app.Name),
        [
            binary,
            "--app-id", app.AppId,
            // An app that only calls has no port.
            .. app.AppPort == 0 ? Array.Empty<string>() : ["--app-port", $"{app.AppPort}"],
            "--dapr-http-port", $"{app.DaprHttpPort}", "--dapr-grpc-port", $"{app.DaprGrpcPort}", "--dapr-listen-addresses", Loopback,
            "--dapr-internal-grpc-port", $"{(app.InternalPort == 0 ? Ports.Free() : app.InternalPort)}", "--dapr-internal-grpc-listen-address", Loopback,
            "--placement-host-address", $"{Loopback}:{ports.Placement}",
            "--scheduler-host-address", $"{Loopback}:{ports.Scheduler}",
            "--resources-path", plan.Target.Folder,
            .. app.SidecarArguments,
            "--config", configuration,
            .. app.SidecarMetricsPort == 0 ? ["--enable-metrics=false"] : (string[])["--metrics-port", $"{app.SidecarMetricsPort}", "--metrics-listen-address", Loopback],
            "--log-as-json",
        ],
        // Relative paths of components mean the same as with the CLI.
        app.Folder,
        Path.Combine(workspace.Logs, NameOf(app.Name) + ".log"),
        // The components' envRef and the tokens are read by daprd itself. What it tells others about itself is its address on loopback.
        new Dictionary<string, string>(environment) { ["DAPR_HOST_IP"] = Loopback });

    /// <summary>The sidecar of an app's process, as a process.</summary>
    public static string NameOf(string app) => $"daprd-{app}";

    /// <summary>Apps find each other in a file: multicast, which daprd would use, is not to be had everywhere.</summary>
    private static async Task<string> WriteConfigurationAsync(string folder, CancellationToken ct)
    {
        foreach (var stale in Directory.GetFiles(folder, "names.db*"))
        {
            File.Delete(stale);
        }

        var file = Path.Combine(folder, "config.yaml");
        await File.WriteAllTextAsync(
            file,
            $"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: eco2
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration:
                  connectionString: {Path.Combine(folder, "names.db")}

            """,
            ct);
        return file;
    }

    private sealed record ControlPorts(int Placement, int PlacementHealth, int Raft, int Scheduler, int SchedulerHealth, int EtcdClient, int EtcdPeer);
}
