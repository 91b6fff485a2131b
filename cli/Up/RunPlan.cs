using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>One process of one app, with the ports it will use.</summary>
/// <param name="SidecarArguments">What a daprd is told beside ports, addresses and components.</param>
/// <param name="InternalPort">Where its daprd listens for others; 0: anywhere.</param>
/// <param name="SidecarMetricsPort">Where its sidecar shows metrics; 0: nowhere.</param>
/// <param name="MetricsPort">Where it shows its metrics; null: nowhere.</param>
/// <param name="Protocol">What it speaks at its port.</param>
/// <param name="ChannelAddress">Where it listens, as the run file says it; empty: on loopback.</param>
internal sealed record AppPlan(
    string Name,
    string AppId,
    string Folder,
    IReadOnlyList<string> Command,
    int AppPort,
    int DaprHttpPort,
    int DaprGrpcPort,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> SidecarArguments,
    int InternalPort = 0,
    int SidecarMetricsPort = 0,
    int? MetricsPort = null,
    string Protocol = "http",
    string ChannelAddress = "");

/// <summary>What <c>dapr.yaml</c> says, multiplied by the wanted replicas.</summary>
internal sealed record RunPlan(IReadOnlyList<AppPlan> Apps, Target Target)
{
    public static RunPlan Load(Workspace workspace, string components, IReadOnlyDictionary<string, int> replicas, bool freePorts, bool observe = false)
    {
        var apps = RunFile.Read(workspace.RunFile).Apps;
        if (replicas.Keys.FirstOrDefault(id => apps.All(app => app.Id != id)) is { } unknown)
        {
            throw new UserMessageException($"--replicas names {unknown}, but dapr.yaml has no such app. It has {string.Join(", ", apps.Select(app => app.Id))}.");
        }

        var target = Target.Find(workspace, components);
        var plans = new List<AppPlan>();
        foreach (var app in apps)
        {
            for (var replica = 0; replica < replicas.GetValueOrDefault(app.Id, 1); replica++)
            {
                // The ports in the file belong to the first process; the others can be anywhere.
                var free = freePorts || replica > 0;
                int Port(string field) => free || app.Port(field) == 0 ? Ports.Free() : app.Port(field);
                plans.Add(new AppPlan(
                    replica == 0 ? app.Id : $"{app.Id}-{replica + 1}",
                    app.Id,
                    app.Folder,
                    app.Command,
                    Port("appPort"),
                    Port("daprHTTPPort"),
                    Port("daprGRPCPort"),
                    app.Environment,
                    app.SidecarArguments,
                    free ? 0 : app.Port("daprInternalGRPCPort"),
                    app.Port("metricsPort") == 0 ? 0 : Port("metricsPort"),
                    observe ? Ports.Free() : null,
                    app.Protocol,
                    app.ChannelAddress));
            }
        }

        return new RunPlan(plans, target);
    }

    /// <summary>Says which port is taken before anything is started.</summary>
    public void EnsurePortsAreFree()
    {
        foreach (var app in Apps)
        {
            foreach (var (port, use) in ((int, string)[])[(app.AppPort, app.Name), (app.DaprHttpPort, $"the sidecar of {app.Name}"), (app.DaprGrpcPort, $"the sidecar of {app.Name}")])
            {
                if (!Ports.IsFree(port))
                {
                    throw new UserMessageException($"Port {port}, meant for {use}, is in use. Stop what uses it, or take free ports with ./eco2 up --free-ports.");
                }
            }
        }
    }
}
