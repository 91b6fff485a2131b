using System.Text.Json;
using System.Text.Json.Serialization;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>What to start beside the apps.</summary>
/// <param name="ControlPlane">What must answer before the sidecars start.</param>
/// <param name="Healthy">Where it answers.</param>
/// <param name="Sidecars">One process for all apps, or one for each.</param>
/// <param name="PatienceSeconds">How long all of it may take to be ready.</param>
internal sealed record SidecarPlan(IReadOnlyList<ProcessPlan> ControlPlane, IReadOnlyList<Uri> Healthy, IReadOnlyList<ProcessPlan> Sidecars, int PatienceSeconds);

/// <summary>Which sidecars run, by <c>ECO2_RUNTIME</c>: ours (the default), or Dapr's own.</summary>
internal static class SidecarRuntime
{
    // A port that is not there is not written: no metrics.
    private static readonly JsonSerializerOptions PortsFile = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public const string Variable = "ECO2_RUNTIME";

    public static bool IsDaprd => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "embedded" => false,
        "daprd" => true,
        var other => throw new UserMessageException($"{Variable} is {other}; it may be embedded (the default) or daprd."),
    };

    public static Task<SidecarPlan> PlanAsync(Workspace workspace, RunPlan plan, IReadOnlyDictionary<string, string> environment, Progress progress, CancellationToken ct) =>
        IsDaprd ? Daprd.PlanAsync(DaprPrograms.Find(), workspace, plan, environment, progress, ct) : EmbeddedAsync(workspace, plan, environment, ct);

    private static async Task<SidecarPlan> EmbeddedAsync(Workspace workspace, RunPlan plan, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var sidecar = new ProcessPlan(
            "sidecar",
            ["dotnet", Workspace.Assembly(workspace.Root, "EmbeddedSidecar"), "--run-file", workspace.RunFile, "--ports-file", await WriteInstancesAsync(workspace, plan, ct), "--resources-path", plan.Target.Folder],
            workspace.Root,
            Path.Combine(workspace.Logs, "sidecar.log"),
            environment,
            RefusalExitCode: 2);
        return new SidecarPlan([], [], [sidecar], PatienceSeconds: 60);
    }

    /// <summary>Says who listens where before anything runs.</summary>
    internal static async Task<string> WriteInstancesAsync(Workspace workspace, RunPlan plan, CancellationToken ct)
    {
        var file = Path.Combine(workspace.State, "instances.json");
        await File.WriteAllTextAsync(
            file,
            JsonSerializer.Serialize(plan.Apps.Select(app => new { app.AppId, app.Name, app.AppPort, HttpPort = app.DaprHttpPort, GrpcPort = app.DaprGrpcPort, MetricsPort = app.SidecarMetricsPort == 0 ? null : (int?)app.SidecarMetricsPort }), PortsFile),
            ct);
        return file;
    }
}
