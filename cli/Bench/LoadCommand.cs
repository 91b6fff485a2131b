using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>Starts a system of its own with a model stand-in, lets many users scan, checks that no promise was broken, and says what it cost.</summary>
internal static class LoadCommand
{
    private const double UsualModelMs = 11_700;

    private sealed record Wanted(
        int Users,
        double? Rate,
        double Duration,
        double WarmUp,
        double ModelMeanMs,
        double Sigma,
        int Concurrency,
        double Cut,
        IReadOnlyDictionary<string, int> Replicas,
        string[] Settings,
        bool PrepareOnly,
        bool Cold,
        string Out);

    public static Command Create()
    {
        var users = new Option<int>("--users") { Description = "Users in a closed loop: each submits, follows to the end and at once submits again.", DefaultValueFactory = _ => 250 };
        var rate = new Option<double?>("--rate") { Description = "Submits a second instead, however many are under way." };
        var duration = new Option<double>("--duration") { Description = "Seconds of the measured window.", DefaultValueFactory = _ => 60 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds between the last user's start and the window.", DefaultValueFactory = _ => 20 };
        var mean = new Option<double>("--model-mean") { Description = "Mean milliseconds of a scan's two model calls together; 0 for none.", DefaultValueFactory = _ => UsualModelMs };
        var sigma = new Option<double>("--sigma") { Description = "Spread of the lognormal model times.", DefaultValueFactory = _ => 0.316 };
        var concurrency = new Option<int?>("--model-concurrency") { Description = "Calls that one worker may have under way (default: as many as users, at most 5,000)." };
        var cut = new Option<double>("--cut") { Description = "Chance after each event that a client cuts its connection and comes back." };
        var replicas = new Option<string?>("--replicas") { Description = "Several processes of an app, such as worker=2." };
        var settings = new Option<string[]>("--set") { Description = "Environment of the apps: Name=Value; may come several times." };
        var prepare = new Option<bool>("--prepare-only") { Description = "End when the accounts and their pictures are there." };
        var cold = new Option<bool>("--cold") { Description = "All users are there already while the system starts." };
        var state = new Option<string?>("--state") { Description = "Folder of the system (default: .eco2/bench); its accounts are used again." };
        var target = new Option<string?>("--out") { Description = "Folder for load.json and load.svg (default: the system's)." };
        var noBuild = new Option<bool>("--no-build") { Description = "Take what is built." };
        var command = new Command("load", "Many users scan; what that costs, and whether every promise was kept.")
        {
            users, rate, duration, warmUp, mean, sigma, concurrency, cut, replicas, settings, prepare, cold, state, target, noBuild,
        };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace(parse.GetValue(state) ?? Path.Combine(new Workspace().State, "bench"));
            var wanted = new Wanted(
                parse.GetValue(users),
                parse.GetValue(rate),
                parse.GetValue(duration),
                parse.GetValue(warmUp),
                parse.GetValue(mean),
                parse.GetValue(sigma),
                parse.GetValue(concurrency) ?? Math.Clamp(parse.GetValue(rate) is { } r ? (int)(r * 60) : parse.GetValue(users) + 50, 8, 5000),
                parse.GetValue(cut),
                UpCommand.ParseReplicas(parse.GetValue(replicas)),
                parse.GetValue(settings) ?? [],
                parse.GetValue(prepare),
                parse.GetValue(cold),
                Path.GetFullPath(parse.GetValue(target) ?? workspace.State));
            return await RunAsync(workspace, wanted, parse.GetValue(noBuild), new Progress(), ct);
        });
        return command;
    }

    private static async Task<int> RunAsync(Workspace workspace, Wanted wanted, bool noBuild, Progress progress, CancellationToken ct)
    {
        await BenchBuild.PrepareAsync(workspace, noBuild, progress, ct);
        var pictures = await BenchBuild.PicturesAsync(workspace, progress, ct);
        Directory.CreateDirectory(wanted.Out);
        var report = Path.Combine(wanted.Out, "load.json");
        File.Delete(report);
        if (wanted.Cold && await PrepareAsync(workspace, wanted, pictures, report, progress, ct) is not 0 and var failed)
        {
            return failed;
        }

        await using var system = await BenchSystem.PrepareAsync(
            workspace, wanted.ModelMeanMs, wanted.Sigma, wanted.Concurrency, wanted.Replicas, wanted.Settings, progress, ct);
        using var early = wanted.Cold ? Begin() : null;
        await system.StartAsync(ct);
        foreach (var (name, _, pid) in system.Processes())
        {
            progress.Say($"{name}: process {pid}");
        }

        using var late = wanted.Cold ? null : Begin();
        var generator = (early ?? late)!;
        var meter = new ProcessMeter(() => [.. system.Processes(), ("load generator", "apart", generator.Pid)]);
        using var looking = new Timer(_ => meter.Look(), null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        var (exit, used) = await generator.RunAsync(meter, progress, ct);
        if (wanted.PrepareOnly && exit == 0)
        {
            return 0;
        }

        if (!File.Exists(report))
        {
            throw new UserMessageException($"The load generator ended with exit code {exit} and without a report. The system's logs: {workspace.Logs}");
        }

        var found = JsonNode.Parse(await File.ReadAllTextAsync(report, ct))!.AsObject();
        LoadCosts.Add(found, used, meter, wanted.ModelMeanMs);
        await File.WriteAllTextAsync(report, found.ToJsonString(new JsonSerializerOptions { WriteIndented = true }), ct);
        await File.WriteAllTextAsync(Path.ChangeExtension(report, ".svg"), LoadPlot.Draw(found), ct);
        LoadTable.Print(found);
        progress.Say($"{report} and {Path.ChangeExtension(report, ".svg")}");
        return exit;

        Generator Begin() => Generator.Start(Arguments(workspace, wanted, system, pictures, report), workspace.Root);
    }

    /// <summary>Who waits for a system has been there before: accounts and pictures are made in a run of their own.</summary>
    private static async Task<int> PrepareAsync(Workspace workspace, Wanted wanted, string pictures, string report, Progress progress, CancellationToken ct)
    {
        await using var system = await BenchSystem.PrepareAsync(
            workspace, wanted.ModelMeanMs, wanted.Sigma, wanted.Concurrency, wanted.Replicas, wanted.Settings, progress, ct);
        await system.StartAsync(ct);
        using var generator = Generator.Start(Arguments(workspace, wanted with { Cold = false, PrepareOnly = true }, system, pictures, report), workspace.Root);
        return await generator.RunAsync(progress.Say, ct);
    }

    private static string[] Arguments(Workspace workspace, Wanted wanted, BenchSystem system, string pictures, string report)
    {
        string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
        return
        [
            "load", "--url", $"{system.Url}", "--model-control", $"{system.Models.Address}", "--users", $"{wanted.Users}", .. wanted.Rate is { } rate ? (string[])["--rate", Number(rate)] : [],
            "--warm-up", Number(wanted.WarmUp), "--duration", Number(wanted.Duration), "--start-over", Number(wanted.Cold ? 0 : Math.Max(1, wanted.ModelMeanMs / 1000)),
            "--cut", Number(wanted.Cut), "--pictures", pictures, "--accounts", Path.Combine(workspace.State, "accounts.json"), "--out", report,
            .. wanted.PrepareOnly ? (string[])["--prepare-only"] : [],
            .. wanted.Cold ? (string[])["--cold"] : [],
        ];
    }
}
