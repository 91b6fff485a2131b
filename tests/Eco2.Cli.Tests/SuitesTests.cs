using Eco2.Cli.Machine;
using Eco2.Cli.Test;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class SuitesTests
{
    private static readonly string[] OfApps = ["Eco2.EndToEnd.Tests", "Eco2.Faults", "Eco2.Services.Tests", "Eco2.Worker.Tests", "Eco2.Workflows.Tests", "api-js", "observe-js"];

    [Fact]
    public void A_target_or_a_runtime_is_tried_by_every_suite_that_starts_apps_and_by_no_other() =>
        Assert.Equal(OfApps, Names(isOnTarget: true).Order(StringComparer.Ordinal));

    [Fact]
    public void Without_one_every_suite_runs_and_a_few_tests_on_the_other_target_too()
    {
        var names = Names(isOnTarget: false);

        Assert.Contains("EmbeddedSidecar.Tests", names);
        Assert.Contains("media", names);
        Assert.Equal(["Eco2.EndToEnd.Tests on rabbitmq", "Eco2.Services.Tests on rabbitmq", "Eco2.Worker.Tests on rabbitmq"], names.Where(name => name.EndsWith("on rabbitmq", StringComparison.Ordinal)));
    }

    private static List<string> Names(bool isOnTarget) => [.. TestCommand.Suites(new Workspace(), longFaults: false, isOnTarget).Select(suite => suite.Name)];
}
