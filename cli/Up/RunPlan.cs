using Eco2.Cli.Machine;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Eco2.Cli.Up;

/// <summary>One process of one app, with the ports it will use.</summary>
/// <param name="MetricsPort">Where it shows its metrics; null: nowhere.</param>
internal sealed record AppPlan(
    string Name,
    string AppId,
    string Folder,
    IReadOnlyList<string> Command,
    int AppPort,
    int DaprHttpPort,
    int DaprGrpcPort,
    IReadOnlyDictionary<string, string> Environment,
    int? MetricsPort = null);

/// <summary>What <c>dapr.yaml</c> says, multiplied by the wanted replicas.</summary>
internal sealed record RunPlan(IReadOnlyList<AppPlan> Apps, Target Target, string MaxBodySize)
{
    public static RunPlan Load(Workspace workspace, string components, IReadOnlyDictionary<string, int> replicas, bool freePorts, bool observe = false)
    {
        var file = Read(workspace.RunFile);
        if (replicas.Keys.FirstOrDefault(id => file.Apps.TrueForAll(app => app.AppID != id)) is { } unknown)
        {
            throw new UserMessageException($"--replicas names {unknown}, but dapr.yaml has no such app. It has {string.Join(", ", file.Apps.Select(app => app.AppID))}.");
        }

        var target = Target.Find(workspace, components);
        var plans = new List<AppPlan>();
        foreach (var app in file.Apps)
        {
            for (var replica = 0; replica < replicas.GetValueOrDefault(app.AppID, 1); replica++)
            {
                // The ports in the file belong to the first process; the others can be anywhere.
                var free = freePorts || replica > 0;
                plans.Add(new AppPlan(
                    replica == 0 ? app.AppID : $"{app.AppID}-{replica + 1}",
                    app.AppID,
                    Path.GetFullPath(Path.Combine(workspace.Root, app.AppDirPath)),
                    app.Command,
                    free || app.AppPort == 0 ? Ports.Free() : app.AppPort,
                    free || app.DaprHTTPPort == 0 ? Ports.Free() : app.DaprHTTPPort,
                    free || app.DaprGRPCPort == 0 ? Ports.Free() : app.DaprGRPCPort,
                    file.Common.Env.Concat(app.Env).GroupBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value),
                    observe ? Ports.Free() : null));
            }
        }

        return new RunPlan(plans, target, file.Common.MaxBodySize);
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

    private static RunFileYaml Read(string path)
    {
        try
        {
            return new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).IgnoreUnmatchedProperties().Build()
                .Deserialize<RunFileYaml>(File.ReadAllText(path));
        }
        catch (YamlException broken)
        {
            throw new UserMessageException($"dapr.yaml line {broken.Start.Line}: {broken.InnerException?.Message ?? broken.Message}");
        }
    }

    private sealed class RunFileYaml
    {
        public CommonYaml Common { get; init; } = new();

        public List<AppYaml> Apps { get; init; } = [];
    }

    private sealed class CommonYaml
    {
        public string MaxBodySize { get; init; } = "4Mi";

        public Dictionary<string, string> Env { get; init; } = [];
    }

    private sealed class AppYaml
    {
        public string AppID { get; init; } = "";

        public string AppDirPath { get; init; } = "";

        public int AppPort { get; init; }

        public int DaprHTTPPort { get; init; }

        public int DaprGRPCPort { get; init; }

        public List<string> Command { get; init; } = [];

        public Dictionary<string, string> Env { get; init; } = [];
    }
}
