using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class RunPlanTests
{
    private static readonly Dictionary<string, int> OneEach = [];

    [Fact]
    public void Every_app_of_the_run_file_has_its_ports_and_its_command()
    {
        var plan = RunPlan.Load(new Workspace(), "redis", OneEach, freePorts: false);

        Assert.Contains(plan.Apps, app => app is { AppId: "gateway", AppPort: 8080 });
        Assert.All(plan.Apps, app => Assert.NotEmpty(app.Command));
        Assert.All(plan.Apps, app => Assert.True(Directory.Exists(app.Folder), app.Folder));
        Assert.Equal(plan.Apps.Count * 3, plan.Apps.SelectMany(app => new[] { app.AppPort, app.DaprHttpPort, app.DaprGrpcPort }).Distinct().Count());
    }

    [Fact]
    public void Only_a_run_that_is_watched_opens_ports_for_metrics()
    {
        var usual = RunPlan.Load(new Workspace(), "redis", OneEach, freePorts: true);
        var watched = RunPlan.Load(new Workspace(), "redis", new Dictionary<string, int> { ["worker"] = 2 }, freePorts: true, observe: true);

        Assert.All(usual.Apps, app => Assert.Null(app.MetricsPort));
        Assert.Equal(watched.Apps.Count, watched.Apps.Select(app => app.MetricsPort!.Value).Distinct().Count());
    }

    [Fact]
    public void Replicas_get_names_and_ports_of_their_own()
    {
        var plan = RunPlan.Load(new Workspace(), "redis", new Dictionary<string, int> { ["worker"] = 3 }, freePorts: false);

        Assert.Equal(["worker", "worker-2", "worker-3"], plan.Apps.Where(app => app.AppId == "worker").Select(app => app.Name));
        Assert.Equal(3, plan.Apps.Where(app => app.AppId == "worker").Select(app => app.AppPort).Distinct().Count());
    }

    [Fact]
    public void An_app_that_is_not_there_cannot_have_replicas()
    {
        var refused = Assert.Throws<UserMessageException>(() => RunPlan.Load(new Workspace(), "redis", new Dictionary<string, int> { ["wroker"] = 2 }, freePorts: false));

        Assert.Contains("wroker", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_components_that_is_not_there_is_named_with_those_that_are()
    {
        var refused = Assert.Throws<UserMessageException>(() => RunPlan.Load(new Workspace(), "mainframe", OneEach, freePorts: false));

        Assert.Matches("mainframe.*redis", refused.Message);
    }

    [Fact]
    public void A_port_in_use_is_said_before_anything_starts()
    {
        var plan = RunPlan.Load(new Workspace(), "redis", OneEach, freePorts: true);
        using var thief = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, plan.Apps[3].AppPort);
        thief.Start();

        var refused = Assert.Throws<UserMessageException>(plan.EnsurePortsAreFree);

        Assert.Contains($"Port {plan.Apps[3].AppPort}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(plan.Apps[3].Name, refused.Message, StringComparison.Ordinal);
    }
}
