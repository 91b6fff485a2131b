using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Eco2.Cli.Machine;
using Eco2.Cli.Observe;
using Spectre.Console;

namespace Eco2.Cli.Up;

/// <summary>Sets everything up, starts everything, shows what runs, and stops everything at Ctrl-C.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var components = new Option<string>("--components") { Description = "What the apps run on: redis, rabbitmq, or the path of a folder of components.", DefaultValueFactory = _ => "redis" };
        var replicas = new Option<string?>("--replicas") { Description = "Several processes of an app, such as worker=2,sse-gateway=2." };
        var freePorts = new Option<bool>("--free-ports") { Description = "Take free ports instead of those in dapr.yaml." };
        var noBuild = new Option<bool>("--no-build") { Description = "Take what is built." };
        var observe = new Option<bool>("--observe") { Description = "Also serve a live page of jobs, stages, queues, processes and traces." };
        var state = new Option<string?>("--state") { Description = "Folder for data, logs and secrets (default: .eco2)." };
        var command = new Command("up", "Set everything up and run it.") { components, replicas, freePorts, noBuild, observe, state };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace(parse.GetValue(state));
            var progress = new Progress();
            // A terminal that closes, or a manager that stops us, must stop the apps too.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            });
            return await RunAsync(
                workspace,
                parse.GetValue(components)!,
                ParseReplicas(parse.GetValue(replicas)),
                parse.GetValue(freePorts),
                parse.GetValue(noBuild),
                parse.GetValue(observe),
                progress,
                stop.Token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Workspace workspace,
        string components,
        IReadOnlyDictionary<string, int> replicas,
        bool freePorts,
        bool noBuild,
        bool observe,
        Progress progress,
        CancellationToken ct)
    {
        if (RunRecord.Read(workspace.RunRecord) is { } other && other.IsAlive())
        {
            throw new UserMessageException($"Eco² already runs here, at {other.Url} (process {other.Pid}). Stop that one, or give this one its own folder with --state.");
        }

        await Tool.InstallMissingAsync([.. Tool.ForRun, .. Target.Find(workspace, components).Tools], progress, ct);
        if (!noBuild)
        {
            await Build.MediaAsync(workspace, progress, ct);
            await Build.WebAsync(workspace, progress, ct);
            await Build.DotnetAsync(workspace, "Eco2.Product.slnf", progress, ct);
        }

        // Ends last: apps tell the rest of their traces while they stop.
        await using var observer = observe ? await ObserveServer.StartAsync(!freePorts && Ports.IsFree(ObserveServer.UsualPort) ? ObserveServer.UsualPort : 0, TimeProvider.System, ct) : null;
        await using var system = new RunningSystem(workspace, RunPlan.Load(workspace, components, replicas, freePorts, observe), progress, TimeProvider.System, observer?.Settings);
        var url = await system.StartAsync(ct);
        observer?.Show(system);
        AnsiConsole.Write(system.Table());
        AnsiConsole.MarkupLine($"Eco² is ready at [link]{url}[/]. Try: ./eco2 scan samples/rendered-plastic-bottle.jpg");
        if (observer is not null)
        {
            AnsiConsole.MarkupLine($"Watch it at [link]{observer.Url}[/].");
        }

        AnsiConsole.MarkupLine("Logs: ./eco2 logs -f   Stop: Ctrl-C");
        // From here on it only waits.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }
        catch (OperationCanceledException)
        {
            progress.Say("Stopping ...");
        }

        return 0;
    }

    internal static Dictionary<string, int> ParseReplicas(string? text)
    {
        var replicas = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (part.Split('=') is not [var app, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 16)
            {
                throw new UserMessageException($"--replicas wants app=number (1 to 16), separated by commas; {part} is not that.");
            }

            replicas[app] = count;
        }

        return replicas;
    }
}
