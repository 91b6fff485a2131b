using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Eco2.Cli.Up;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace Eco2.Testing;

/// <summary>A daprd for each app of a test, with the same settings that the embedded sidecar takes.</summary>
internal sealed partial class DaprdRun : ISidecarRun
{
    private static readonly HttpClient Http = new();
    private static int runs;
    private readonly List<Sidecar> apps = [];
    private readonly string folder = Path.Combine(
        Checkout.Root, "artifacts/test-reports/daprd", $"{Assembly.GetEntryAssembly()?.GetName().Name ?? "tests"}-{Environment.ProcessId}", $"{Interlocked.Increment(ref runs)}");

    private DaprdControlPlane? plane;

    public IReadOnlyList<SidecarPorts> Apps => apps;

    public Task Stopped => Eventually.TrueAsync(() => apps.TrueForAll(app => app.HasEnded), "all ended", TimeSpan.FromSeconds(60));

    public static async Task<DaprdRun> StartAsync(IReadOnlyList<AppSettings> settings)
    {
        var run = new DaprdRun();
        try
        {
            await run.OpenAsync(settings);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(apps.Select(app => app.DisposeAsync().AsTask()));
        if (plane is not null)
        {
            await plane.LeaveAsync();
        }
    }

    private async Task OpenAsync(IReadOnlyList<AppSettings> settings)
    {
        Directory.CreateDirectory(folder);
        plane = await DaprdControlPlane.JoinAsync(string.Concat(settings.Select(app => app.InlineResources)), folder);
        apps.AddRange(settings.Select(app => new Sidecar(app)));
        foreach (var (app, number) in apps.Select((app, number) => (app, number)))
        {
            await app.LaunchAsync(Path.Combine(folder, $"{number}-{app.AppId}"), Path.Combine(folder, "names.db"), plane);
        }

        await Task.WhenAll(apps.Select(app => app.OpenAsync()));
    }

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^kind:\s*Configuration\s*$", RegexOptions.Multiline)]
    private static partial Regex ConfigurationKind();

    private sealed class Sidecar(AppSettings settings) : SidecarPorts, IAsyncDisposable
    {
        private readonly Relay relay = new(Cli.Up.Ports.Free());
        private ChildServer? server;
        private string log = "";

        public override string AppId => settings.AppId;

        public override int HttpPort { get; } = settings.HttpPort == 0 ? Cli.Up.Ports.Free() : settings.HttpPort;

        public override int GrpcPort { get; } = settings.GrpcPort == 0 ? Cli.Up.Ports.Free() : settings.GrpcPort;

        public override int? MetricsPort { get; } = settings.MetricsPort == 0 ? Cli.Up.Ports.Free() : settings.MetricsPort;

        public bool HasEnded => server?.HasEnded != false;

        public override void AttachApp(int port) => relay.PointAtAsync(port).GetAwaiter().GetResult();

        public override Task WaitUntilReadyAsync(CancellationToken ct) => WaitAsync("/v1.0/healthz", ct);

        /// <summary>Its components are there; whether it has found its app, if it has one, is another question.</summary>
        public Task OpenAsync() => WaitAsync(settings is { AppPort: 0, AwaitsAppPort: false } ? "/v1.0/healthz" : "/v1.0/healthz/outbound", CancellationToken.None);

        public async Task LaunchAsync(string folder, string names, DaprdControlPlane plane)
        {
            var components = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
            var configurations = new List<string>();
            foreach (var document in Separator().Split(settings.InlineResources ?? "").Where(document => document.Trim().Length > 0))
            {
                if (ConfigurationKind().IsMatch(document))
                {
                    configurations.Add(Path.Combine(folder, $"config{configurations.Count}.yaml"));
                    await File.WriteAllTextAsync(configurations[^1], document);
                }
                else
                {
                    await File.AppendAllTextAsync(Path.Combine(components, "resources.yaml"), "---\n" + document);
                }
            }

            var own = Path.Combine(folder, "names.yaml");
            await File.WriteAllTextAsync(own, $$"""
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata: { name: eco2 }
                spec:
                  nameResolution: { component: sqlite, version: v1, configuration: { connectionString: {{names}} } }
                  tracing: { samplingRate: "1" }

                """);
            log = Path.Combine(folder, "log");
            string[] command =
            [
                DaprPrograms.Find().Daprd,
                "--app-id", AppId,
                .. settings switch { { AwaitsAppPort: true } => ["--app-port", $"{relay.Port}"], { AppPort: 0 } => Array.Empty<string>(), _ => ["--app-port", $"{settings.AppPort}"] },
                "--app-protocol", settings.IsGrpcApp ? "grpc" : "http",
                "--app-channel-address", settings.AppAddress,
                "--app-max-concurrency", $"{(settings.MaxConcurrency <= 0 ? -1 : settings.MaxConcurrency)}",
                "--dapr-http-port", $"{HttpPort}", "--dapr-grpc-port", $"{GrpcPort}", "--dapr-listen-addresses", "127.0.0.1",
                "--dapr-internal-grpc-port", $"{Cli.Up.Ports.Free()}", "--dapr-internal-grpc-listen-address", "127.0.0.1",
                "--placement-host-address", plane.Placement, "--scheduler-host-address", plane.Scheduler,
                "--resources-path", components, .. settings.ResourcePaths.SelectMany(path => new[] { "--resources-path", Path.GetFullPath(path) }),
                .. configurations.Prepend(own).Concat(settings.ConfigFile is { } file ? [Path.GetFullPath(file)] : Array.Empty<string>()).SelectMany(path => new[] { "--config", path }),
                "--max-body-size", $"{settings.MaxBodyBytes}", "--read-buffer-size", $"{settings.ReadBufferBytes}",
                .. MetricsPort is { } metrics ? ["--metrics-port", $"{metrics}", "--metrics-listen-address", "127.0.0.1"] : (string[])["--enable-metrics=false"],
                .. settings.HealthCheck is { } check ?
                [
                    "--enable-app-health-check", "--app-health-check-path", check.Path, "--app-health-threshold", $"{check.Threshold}",
                    "--app-health-probe-interval", $"{Math.Max(1, (int)check.Interval.TotalSeconds)}", "--app-health-probe-timeout", $"{(int)check.Timeout.TotalMilliseconds}",
                ] : Array.Empty<string>(),
                "--dapr-graceful-shutdown-seconds", "2",
            ];
            await File.WriteAllTextAsync(log, $"$ {string.Join(' ', command)}\n");
            var environment = new Dictionary<string, string>(settings.Environment) { ["DAPR_HOST_IP"] = "127.0.0.1" };
            foreach (var (name, value) in new[] { ("DAPR_API_TOKEN", settings.ApiToken), ("APP_API_TOKEN", settings.AppToken) })
            {
                environment[name] = value ?? settings.Environment.GetValueOrDefault(name, "");
            }

            server = ChildServer.Start(
                $"cd '{settings.WorkingDirectory ?? Environment.CurrentDirectory}'; " + string.Join(' ', command.Select(word => $"'{word}'")), folder, temporary: false, stopSignal: "TERM", environment: environment, log: log);
        }

        /// <exception cref="SidecarConfigurationException">It ended, with the end of its log.</exception>
        public async Task WaitAsync(string path, CancellationToken ct)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    if (HasEnded)
                    {
                        throw new SidecarConfigurationException(string.Join('\n', File.ReadLines(log).TakeLast(5)));
                    }

                    try
                    {
                        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(HttpEndpoint, path));
                        using var answer = await Http.SendAsync(request, ct);
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                string.Create(CultureInfo.InvariantCulture, $"{path} of {AppId} is well; {log}"),
                TimeSpan.FromSeconds(30),
                ct);
        }

        public async ValueTask DisposeAsync()
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            await relay.DisposeAsync();
        }
    }
}
