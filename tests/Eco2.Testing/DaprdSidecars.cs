using System.Reflection;
using Eco2.Cli;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using EmbeddedSidecar.Apps;

namespace Eco2.Testing;

/// <summary>
/// A daprd for each app, with a placement and a scheduler, started as <c>eco2 up</c> starts them (cli/Up/Daprd.cs). Components, ports, commands
/// and logs of one set are in a folder of artifacts/test-reports/daprd, which stays.
/// </summary>
public sealed class DaprdSidecars : AppSidecars
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static int sets;
    private readonly List<(ProcessPlan Plan, ChildServer Server)> processes = [];
    private readonly List<Sidecar> apps = [];
    private readonly Workspace workspace;

    private DaprdSidecars(Workspace workspace) => this.workspace = workspace;

    public override IReadOnlyList<AppSidecar> Apps => apps;

    /// <summary>Where the logs of these sidecars are.</summary>
    public string Logs => workspace.Logs;

    /// <param name="resources">YAML documents.</param>
    /// <param name="apps">Whose sidecars; see <see cref="AppSidecars.StartAsync"/>.</param>
    /// <param name="programs">A folder with daprd, placement and scheduler; null: where <c>eco2 up</c> finds them.</param>
    public static async Task<DaprdSidecars> StartAsync(string resources, IReadOnlyList<AppSettings> apps, string? programs = null)
    {
        var folder = Path.Combine(Checkout.Root, "artifacts/test-reports/daprd", $"{Assembly.GetEntryAssembly()?.GetName().Name ?? "tests"}-{Environment.ProcessId}", $"{Interlocked.Increment(ref sets)}");
        var sidecars = new DaprdSidecars(new Workspace(folder));
        try
        {
            await sidecars.RunAsync(resources, apps, programs is null ? DaprPrograms.Find() : DaprPrograms.In(programs));
            return sidecars;
        }
        catch
        {
            await sidecars.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var (_, server) in Enumerable.Reverse(processes))
        {
            await server.DisposeAsync();
        }

        foreach (var app in apps)
        {
            await app.Relay.DisposeAsync();
        }
    }

    private async Task RunAsync(string resources, IReadOnlyList<AppSettings> settings, DaprPrograms programs)
    {
        var components = Directory.CreateDirectory(Path.Combine(workspace.State, "components")).FullName;
        Directory.CreateDirectory(workspace.Logs);
        await File.WriteAllTextAsync(Path.Combine(components, "resources.yaml"), resources);
        apps.AddRange(settings.Select(app => new Sidecar(this, app.AppId, Ports.Free(), Ports.Free(), new Relay(Ports.Free()))));
        var plans = settings.Zip(apps, (app, sidecar) => new AppPlan(
            $"{app.AppId}-{sidecar.HttpPort}", app.AppId, workspace.State, [], app.AwaitsAppPort ? sidecar.Relay.Port : app.AppPort, sidecar.HttpPort, sidecar.GrpcPort, new Dictionary<string, string>(),
            ["--max-body-size", $"{app.MaxBodyBytes}", "--config", Path.Combine(workspace.Root, "dapr-config.yaml")]));
        var run = new RunPlan([.. plans], new Target(components, false, false, false));
        var environment = new Dictionary<string, string>(settings[0].Environment) { ["DAPR_API_TOKEN"] = settings[0].ApiToken ?? "", ["APP_API_TOKEN"] = settings[0].AppToken ?? "" };
        var plan = await Daprd.PlanAsync(programs, workspace, run, environment, new Progress(), CancellationToken.None);
        plan.ControlPlane.ToList().ForEach(Launch);
        foreach (var address in plan.Healthy)
        {
            await WaitAsync(address);
        }

        plan.Sidecars.ToList().ForEach(Launch);
        foreach (var app in apps)
        {
            // Its components are there and others may use it; whether it has found its app is another question.
            await WaitAsync(new Uri(app.HttpEndpoint + "/v1.0/healthz/outbound"));
        }
    }

    private void Launch(ProcessPlan plan) =>
        processes.Add((plan, ChildServer.Start(string.Join(' ', plan.Command.Select(word => $"'{word}'")), plan.Folder, temporary: false, environment: plan.Environment, log: plan.Log)));

    /// <exception cref="InvalidOperationException">It isn't within two minutes, or one of the processes ended; with the ends of their logs.</exception>
    private async Task WaitAsync(Uri address)
    {
        using var http = new HttpClient();
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    if (processes.Find(process => process.Server.HasEnded).Plan is { } ended)
                    {
                        throw new TimeoutException($"{ended.Name} ended.");
                    }

                    try
                    {
                        using var answer = await http.GetAsync(address);
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                $"{address} is well",
                Patience);
        }
        catch (TimeoutException late)
        {
            var ends = Directory.GetFiles(workspace.Logs).Select(log => $"{log}:\n{File.ReadLines(log).First()}\n{string.Join('\n', File.ReadLines(log).Skip(1).TakeLast(5))}");
            throw new InvalidOperationException($"{late.Message} What was started, and the ends of the logs:\n{string.Join("\n\n", ends)}");
        }
    }

    private sealed record Sidecar(DaprdSidecars Of, string AppId, int HttpPort, int GrpcPort, Relay Relay) : AppSidecar(AppId, HttpPort, GrpcPort)
    {
        public override async Task AttachAsync(int port)
        {
            await Relay.PointAtAsync(port);
            await Of.WaitAsync(new Uri(HttpEndpoint + "/v1.0/healthz"));
        }
    }
}
