using System.CommandLine;
using System.Diagnostics;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Test;

/// <summary>Installs what the tests need, builds everything and runs every suite. The last line is <c>N passed, N failed</c>.</summary>
internal static class TestCommand
{
    /// <summary>Says to all suites what the apps run on.</summary>
    public const string ComponentsVariable = "ECO2_COMPONENTS";

    public static Command Create()
    {
        var only = new Argument<string?>("suite") { Description = "Only suites whose name contains this.", Arity = ArgumentArity.ZeroOrOne };
        var noBuild = new Option<bool>("--no-build") { Description = "Take what is built." };
        var components = new Option<string?>("--components") { Description = $"Only the suites that run on a target, on this one: redis or rabbitmq. Also {ComponentsVariable}." };
        var longFaults = new Option<bool>("--long-faults") { Description = "Only the fault suite, in its long form: 500 jobs in flight, over ten minutes." };
        var command = new Command("test", "Run all tests.") { only, noBuild, components, longFaults };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace();
            var progress = new Progress();
            await Tool.InstallMissingAsync(Tool.ForTest, progress, ct);
            var target = parse.GetValue(components) ?? Environment.GetEnvironmentVariable(ComponentsVariable);
            if (target is { Length: > 0 })
            {
                Target.Find(workspace, target);
                Environment.SetEnvironmentVariable(ComponentsVariable, target);
            }

            if (SidecarRuntime.IsDaprd)
            {
                DaprPrograms.Find();
                progress.Say("On real Dapr: only the suites of apps. The others try the embedded sidecar, or need none. Commands and output of every daprd: artifacts/test-reports/daprd");
            }

            await Kubectl.InstallMissingAsync(workspace, progress, ct);
            if (!parse.GetValue(noBuild))
            {
                await Build.MediaAsync(workspace, progress, ct);
                await Build.WebAsync(workspace, progress, ct);
                await Build.ConformanceAsync(workspace, progress, ct);
                await Build.BrowserAsync(workspace, progress, ct);
                await Build.ApiAsync(workspace, progress, ct);
                await Build.DotnetAsync(workspace, "Eco2.slnx", progress, ct);
            }

            var suites = Suites(workspace, parse.GetValue(longFaults), isOnTarget: target is { Length: > 0 } || SidecarRuntime.IsDaprd)
                .Where(suite => parse.GetValue(only) is not { } part || suite.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                .ToList();
            var total = new Counts(0, 0, 0);
            var clock = Stopwatch.StartNew();
            foreach (var (suite, number) in suites.Select((suite, index) => (suite, index + 1)))
            {
                progress.Say($"[{number}/{suites.Count}] {suite.Name} ...");
                var since = clock.Elapsed;
                var counts = await suite.RunAsync(workspace, ct);
                total = total.Plus(counts);
                Console.WriteLine($"{(counts.Failed == 0 ? "ok    " : "FAILED")} {suite.Name}: {counts.Passed} passed, {counts.Failed} failed, {(clock.Elapsed - since).TotalSeconds:0} s");
            }

            Console.WriteLine($"All suites took {clock.Elapsed.TotalMinutes:0.0} min");
            Console.WriteLine(total.Skipped == 0 ? $"{total.Passed} passed, {total.Failed} failed" : $"{total.Passed} passed, {total.Failed} failed, {total.Skipped} skipped");
            return total is { Failed: 0, Passed: > 0 } ? 0 : 1;
        });
        return command;
    }

    /// <param name="isOnTarget">A target or a runtime was asked for, so what runs on neither has nothing to say.</param>
    internal static IEnumerable<Suite> Suites(Workspace workspace, bool longFaults, bool isOnTarget) =>
        longFaults ? [DotnetSuite.LongFaults(workspace)] : isOnTarget ? AllSuites(workspace).Where(suite => suite.RunsOnTarget) : [.. AllSuites(workspace), .. DotnetSuite.OnTarget(workspace, "rabbitmq")];

    private static IEnumerable<Suite> AllSuites(Workspace workspace) =>
    [
        .. DotnetSuite.All(workspace),
        new NodeSuite("conformance-js", Path.Combine(workspace.Root, "tests/conformance-js")),
        new NodeSuite("observe-js", Path.Combine(workspace.Root, "tests/observe-js")),
        new NodeSuite("api-js", Path.Combine(workspace.Root, "tests/api-js")),
        new NodeSuite("media", Path.Combine(workspace.Root, "services/media")),
        new NodeSuite("web", Path.Combine(workspace.Root, "web")),
    ];
}

internal sealed record Counts(int Passed, int Failed, int Skipped)
{
    public Counts Plus(Counts other) => new(Passed + other.Passed, Failed + other.Failed, Skipped + other.Skipped);
}

/// <summary>One set of tests that is run by one command.</summary>
internal abstract record Suite(string Name)
{
    /// <summary>Its tests start apps on the target that was asked for.</summary>
    public virtual bool RunsOnTarget => false;

    public abstract Task<Counts> RunAsync(Workspace workspace, CancellationToken ct);
}
