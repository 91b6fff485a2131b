using System.Globalization;
using System.Xml.Linq;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Test;

/// <summary>One test assembly. What failed is printed, and the table that a suite leaves beside the runner's report; the counts come from that report.</summary>
internal sealed record DotnetSuite(string Name, string Assembly) : Suite(Name)
{
    private const string Faults = "Eco2.Faults";

    // They start apps beside sidecars, or the whole product.
    private static readonly string[] OfApps = ["Eco2.EndToEnd.Tests", Faults, "Eco2.Services.Tests", "Eco2.Worker.Tests", "Eco2.Workflows.Tests"];

    /// <summary>No test of the short suites takes longer.</summary>
    public string HangTimeout { get; init; } = SidecarRuntime.IsDaprd ? "15m" : "4m";

    public override bool RunsOnTarget => OfApps.Contains(Name);

    /// <summary>Which of its tests; null: all.</summary>
    public string? Filter { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public static IEnumerable<DotnetSuite> All(Workspace workspace) =>
        Directory.GetFiles(Path.Combine(workspace.Root, "tests"), "*.csproj", SearchOption.AllDirectories)
            .Select(project => Path.GetFileNameWithoutExtension(project))
            .Where(name => name == Faults || name.EndsWith(".Tests", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new DotnetSuite(name, Workspace.Assembly(workspace.Root, name)));

    /// <summary>The few tests of a suite that show that another target than the usual one carries the product.</summary>
    public static IEnumerable<DotnetSuite> OnTarget(Workspace workspace, string components) =>
        OfApps.Where(name => name != Faults && name != "Eco2.Workflows.Tests").Select(name => new DotnetSuite($"{name} on {components}", Workspace.Assembly(workspace.Root, name))
        {
            Filter = "on=each-target",
            Environment = new Dictionary<string, string> { [TestCommand.ComponentsVariable] = components },
        });

    /// <summary>The fault suite with more jobs in flight and for longer.</summary>
    public static DotnetSuite LongFaults(Workspace workspace) => new(Faults, Workspace.Assembly(workspace.Root, Faults))
    {
        HangTimeout = "60m",
        Environment = new Dictionary<string, string> { ["ECO2_FAULTS"] = "long" },
    };

    public override async Task<Counts> RunAsync(Workspace workspace, CancellationToken ct)
    {
        var reports = Path.Combine(workspace.Root, "artifacts", "test-reports");
        Directory.CreateDirectory(reports);
        var report = Path.Combine(reports, Name + ".trx");
        var table = Path.Combine(reports, Name + ".md");
        File.Delete(report);
        File.Delete(table);
        var (exit, output) = await Shell.RunAsync(
            "dotnet",
            ["test", Assembly, .. Filter is null ? Array.Empty<string>() : ["--filter", Filter], "--logger", $"trx;LogFileName={report}", "--results-directory", reports, "--blame-hang-timeout", HangTimeout, "--blame-hang-dump-type", "none"],
            workspace.Root,
            ct,
            environment: Environment);
        if (File.Exists(table))
        {
            Console.WriteLine(await File.ReadAllTextAsync(table, ct));
        }

        var counts = File.Exists(report) ? Read(report) : new Counts(0, 0, 0);
        if (exit != 0)
        {
            Console.WriteLine(output);
        }

        // A runner that died has no say on how much of its suite would have passed: that is a failure too.
        return exit != 0 && counts.Failed == 0 ? counts with { Failed = 1 } : counts;
    }

    private static Counts Read(string report)
    {
        var counters = XDocument.Load(report).Descendants().First(element => element.Name.LocalName == "Counters");
        int Number(string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        var passed = Number("passed");
        var executed = Number("executed");
        return new Counts(passed, executed - passed, Number("total") - executed);
    }
}
