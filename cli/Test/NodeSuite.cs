using System.Globalization;
using System.Text.RegularExpressions;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Test;

/// <summary>A package whose <c>npm test</c> runs Node's own test runner.</summary>
internal sealed partial record NodeSuite(string Name, string Folder) : Suite(Name)
{
    public override bool RunsOnTarget => Name is "observe-js" or "api-js";

    public override async Task<Counts> RunAsync(Workspace workspace, CancellationToken ct)
    {
        var (exit, output) = await Shell.RunAsync("npm", ["test"], Folder, ct);
        var counts = new Counts(Number(output, "pass"), Number(output, "fail"), Number(output, "skipped"));
        if (exit != 0)
        {
            Console.WriteLine(output);
        }

        return exit != 0 && counts.Failed == 0 ? counts with { Failed = 1 } : counts;
    }

    private static int Number(string output, string name) =>
        Summary().Matches(output).Where(match => match.Groups[1].Value == name).Sum(match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^(?:ℹ|#) (pass|fail|skipped) (\d+)\s*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Summary();
}
