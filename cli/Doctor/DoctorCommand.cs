using System.CommandLine;
using System.Globalization;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Spectre.Console;

namespace Eco2.Cli.Doctor;

/// <summary>Says what a run needs, what is there, and what to do about the rest.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var components = new Option<string>("--components") { Description = "What the apps are to run on, as for up.", DefaultValueFactory = _ => "redis" };
        var command = new Command("doctor", "Check this machine.") { state, components };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace(parse.GetValue(state));
            var missing = 0;
            foreach (var (what, found, advice) in await CheckAsync(workspace, parse.GetValue(components)!, ct))
            {
                missing += found is null ? 1 : 0;
                AnsiConsole.MarkupLine(found is null ? $"[red]✗[/] {Markup.Escape(what)}: {Markup.Escape(advice)}" : $"[green]✓[/] {Markup.Escape(what)}: {Markup.Escape(found)}");
            }

            AnsiConsole.MarkupLine(missing == 0 ? "Everything is here." : $"{missing} missing. ./eco2 up installs packages by itself.");
            return missing == 0 ? 0 : 1;
        });
        return command;
    }

    private static async Task<IReadOnlyList<(string What, string? Found, string Advice)>> CheckAsync(Workspace workspace, string components, CancellationToken ct)
    {
        var rows = new List<(string, string?, string)>
        {
            (".NET SDK 10", await VersionAsync("dotnet", "10.", workspace, ct), "Install the .NET 10 SDK."),
            ("Node 20 or newer", await NodeAsync(workspace, ct), "Install Node 20 or newer."),
        };
        var plan = RunPlan.Load(workspace, components, replicas: new Dictionary<string, int>(), freePorts: false);
        rows.AddRange(Tool.ForRun.Concat(plan.Target.Tools).Where(tool => tool != Tool.Node).Select(tool => ($"{tool.Name} ({tool.Why})", tool.Locate(), $"Install the package {tool.Package}.")));
        rows.Add(("apps built", Built(workspace), "./eco2 up builds them."));
        var running = RunRecord.Read(workspace.RunRecord) is { } run && run.IsAlive() ? run : null;
        var taken = plan.Apps.Select(app => app.AppPort).Where(port => !Ports.IsFree(port)).ToList();
        rows.Add(running is not null
            ? ("running", running.Url, "")
            : ("ports free", taken.Count == 0 ? "yes" : null, $"Something else uses {string.Join(", ", taken)}: stop it, or ./eco2 up --free-ports."));
        return rows;
    }

    private static async Task<string?> VersionAsync(string program, string prefix, Workspace workspace, CancellationToken ct)
    {
        var (exit, output) = await Shell.RunAsync(program, ["--version"], workspace.Root, ct);
        return exit == 0 && output.StartsWith(prefix, StringComparison.Ordinal) ? output.Trim() : null;
    }

    private static async Task<string?> NodeAsync(Workspace workspace, CancellationToken ct)
    {
        if (Tool.Node.Locate() is not { } node)
        {
            return null;
        }

        var (_, output) = await Shell.RunAsync(node, ["--version"], workspace.Root, ct);
        return int.TryParse(output.Trim().TrimStart('v').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major >= 20 ? output.Trim() : null;
    }

    private static string? Built(Workspace workspace) =>
        File.Exists(Workspace.Assembly(workspace.Root, "Eco2.Gateway")) && File.Exists(Path.Combine(workspace.Root, "services/media/dist/main.js")) ? "yes" : null;
}
