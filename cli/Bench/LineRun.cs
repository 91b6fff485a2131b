using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>A measurement of the line from producer to streams: a system of its own, one command of the generator, and what each process used.</summary>
internal sealed class LineRun
{
    private readonly Option<string?> replicas = new("--replicas") { Description = "Several processes of an app, such as event-router=2." };
    private readonly Option<string[]> settings = new("--set") { Description = "Environment of the apps: Name=Value; may come several times." };
    private readonly Option<string?> state = new("--state") { Description = "Folder of the system (default: .eco2/bench)." };
    private readonly Option<string?> target = new("--out") { Description = "Folder for the report (default: the system's)." };
    private readonly Option<bool> noBuild = new("--no-build") { Description = "Take what is built." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[replicas, settings, state, target, noBuild])
        {
            command.Add(option);
        }
    }

    /// <param name="name">The generator's command, and the report's name.</param>
    /// <param name="own">Settings that this measurement needs.</param>
    /// <param name="arguments">Of the command, once the system's addresses are known.</param>
    /// <param name="isLine">It publishes by the sidecars of worker and router.</param>
    public async Task<int> RunAsync(ParseResult parse, string name, string[] own, Func<BenchSystem, string[]> arguments, CancellationToken ct, bool isLine = true)
    {
        var workspace = new Workspace(parse.GetValue(state) ?? Path.Combine(new Workspace().State, "bench"));
        var progress = new Progress();
        await BenchBuild.PrepareAsync(workspace, parse.GetValue(noBuild), progress, ct);
        var folder = Directory.CreateDirectory(Path.GetFullPath(parse.GetValue(target) ?? workspace.State)).FullName;
        var report = Path.Combine(folder, name + ".json");
        File.Delete(report);
        await using var system = await BenchSystem.PrepareAsync(
            workspace, 0, 0, 8, UpCommand.ParseReplicas(parse.GetValue(replicas)), [.. own, .. parse.GetValue(settings) ?? []], progress, ct);
        await system.StartAsync(ct);
        string Sidecar(string app) => $"http://127.0.0.1:{system.App(app).DaprHttpPort}";
        string[] line = isLine ? ["--worker-sidecar", Sidecar("worker"), "--router-sidecar", Sidecar("event-router")] : [];
        string[] all = [name, .. arguments(system), .. line, "--out", report];
        using var generator = Generator.Start(all, workspace.Root, system.Tokens);
        var meter = new ProcessMeter(() => [.. system.Processes(), ("generator", "apart", generator.Pid)]);
        var (exit, used) = await generator.RunAsync(meter, progress, ct);
        if (!File.Exists(report))
        {
            throw new UserMessageException($"The generator ended with exit code {exit} and without a report. The system's logs: {workspace.Logs}");
        }

        var found = JsonNode.Parse(await File.ReadAllTextAsync(report, ct))!.AsObject();
        LineCosts.Add(found, used, meter);
        await File.WriteAllTextAsync(report, found.ToJsonString(new JsonSerializerOptions { WriteIndented = true }), ct);
        LineCosts.Print(found);
        progress.Say(report);
        return exit;
    }
}
