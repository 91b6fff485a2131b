using System.Globalization;
using System.Xml.Linq;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Test;

/// <summary>One test assembly. What failed is printed; the counts come from the runner's report.</summary>
internal sealed record DotnetSuite(string Name, string Assembly) : Suite(Name)
{
    public static IEnumerable<DotnetSuite> All(Workspace workspace) =>
        Directory.GetFiles(Path.Combine(workspace.Root, "tests"), "*.Tests.csproj", SearchOption.AllDirectories)
            .Select(project => Path.GetFileNameWithoutExtension(project))
            .Order(StringComparer.Ordinal)
            .Select(name => new DotnetSuite(name, Workspace.Assembly(workspace.Root, name)));

    public override async Task<Counts> RunAsync(Workspace workspace, CancellationToken ct)
    {
        var reports = Path.Combine(workspace.Root, "artifacts", "test-reports");
        Directory.CreateDirectory(reports);
        var report = Path.Combine(reports, Name + ".trx");
        File.Delete(report);
        var (exit, output) = await Shell.RunAsync(
            "dotnet",
            ["test", Assembly, "--logger", $"trx;LogFileName={report}", "--results-directory", reports, "--blame-hang-timeout", "4m", "--blame-hang-dump-type", "none"],
            workspace.Root,
            ct);
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
