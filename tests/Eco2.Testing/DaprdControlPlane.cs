using System.Text.RegularExpressions;
using Eco2.Cli.Up;

namespace Eco2.Testing;

/// <summary>
/// A placement and a scheduler. The embedded sidecar keeps reminders and jobs in the state store; a scheduler keeps them itself. So that they
/// outlive a sidecar where its store does, the same resources with a server in them have the same scheduler; those without have a new one.
/// </summary>
internal sealed partial class DaprdControlPlane
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly Dictionary<string, DaprdControlPlane> Kept = [];
    private readonly List<ChildServer> servers = [];
    private bool isKept;

    public string Placement { get; } = $"127.0.0.1:{Ports.Free()}";

    public string Scheduler { get; } = $"127.0.0.1:{Ports.Free()}";

    public static async Task<DaprdControlPlane> JoinAsync(string resources, string folder)
    {
        if (!OnServer().IsMatch(resources))
        {
            return await new DaprdControlPlane().StartAsync(folder);
        }

        var key = string.Join(' ', OnServer().Matches(resources).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal));
        await Gate.WaitAsync();
        try
        {
            if (!Kept.TryGetValue(key, out var plane))
            {
                Kept[key] = plane = await new DaprdControlPlane { isKept = true }.StartAsync(folder);
            }

            return plane;
        }
        finally
        {
            Gate.Release();
        }
    }

    public async Task LeaveAsync()
    {
        if (!isKept)
        {
            await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
        }
    }

    private async Task<DaprdControlPlane> StartAsync(string folder)
    {
        var programs = DaprPrograms.Find();
        var (first, second) = (Ports.Free(), Ports.Free());
        Start(folder, "placement", [programs.Placement, "--listen-address", "127.0.0.1", "--port", Placement.Split(':')[1], "--healthz-port", $"{first}", "--initial-cluster", $"dapr-placement-0=127.0.0.1:{Ports.Free()}", "--enable-metrics=false"]);
        var data = Path.Combine(Path.GetTempPath(), $"eco2-scheduler-{Environment.ProcessId}-{second}");
        Start(folder, "scheduler", [
            programs.Scheduler, "--listen-address", "127.0.0.1", "--port", Scheduler.Split(':')[1], "--override-broadcast-host-port", Scheduler, "--healthz-port", $"{second}",
            "--etcd-data-dir", Path.Combine(data, "etcd"), "--etcd-client-listen-address", "127.0.0.1", "--etcd-client-port", $"{Ports.Free()}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://127.0.0.1:{Ports.Free()}", "--enable-metrics=false"], data);
        using var http = new HttpClient();
        foreach (var port in new[] { first, second })
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"));
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                $"the control plane of {folder} is well");
        }

        return this;
    }

    // A scheduler sets 120 MB aside for its log before it has anything to keep: its data goes when it goes.
    private void Start(string folder, string name, string[] command, string? data = null) =>
        servers.Add(ChildServer.Start(string.Join(' ', command.Select(word => $"'{word}'")), data ?? folder, temporary: data is not null, log: Path.Combine(folder, name + ".log")));

    [GeneratedRegex("(redisHost|connectionString), value: \"[^\"]*\"")]
    private static partial Regex OnServer();
}
