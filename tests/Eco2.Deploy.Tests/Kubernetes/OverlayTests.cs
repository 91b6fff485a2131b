using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>Every overlay, as kustomize renders it.</summary>
public sealed partial class OverlayTests
{
    public static TheoryData<string> Overlays => [.. Overlay.Names];

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_object_has_the_shape_of_its_kind(string overlay) => Assert.Empty(Overlay.Load(overlay).Objects.SelectMany(Schema.Complaints));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_is_named_is_there(string overlay) => Assert.Empty(ReferenceRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_policy_holds(string overlay) => Assert.Empty(PolicyRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Apps_may_call_whom_they_call(string overlay) => Assert.Empty(AccessRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Everybody_reaches_what_it_speaks_to_and_nothing_else(string overlay) => Assert.Empty(EgressRules.Complaints(Overlay.Load(overlay)));

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_apps_are_those_of_dapr_yaml(string overlay) => Assert.Empty(AppRules.Complaints(Overlay.Load(overlay)));

    /// <summary>Every server that an overlay has of its own is watched under the job by which rules and dashboards ask for it, as in Compose; others are the cloud's to watch.</summary>
    [Theory]
    [InlineData("production", "postgres", "redis")]
    [InlineData("rabbitmq", "postgres", "rabbitmq")]
    [InlineData("aws")]
    public void Servers_are_watched_under_the_jobs_that_rules_ask_for(string overlay, params string[] servers)
    {
        var jobs = Overlay.Load(overlay).Of("PodMonitor").SelectMany(monitor => monitor.Spec["podMetricsEndpoints"].Items).SelectMany(endpoint => endpoint["relabelings"].Items)
            .Where(label => label["targetLabel"].Text == "job").Select(label => label["replacement"].Text);

        Assert.Equal(((string[])["dapr-control-plane", "eco2-apps", "eco2-sidecars", .. servers]).Order(StringComparer.Ordinal), jobs.Order(StringComparer.Ordinal));
        var asked = Observability.Rules.All.SelectMany(rule => Job().Matches(rule.Expression)).Select(match => match.Groups["name"].Value).ToHashSet();
        Assert.Superset(servers.ToHashSet(), asked);
    }

    /// <summary>The calls that the rules are held against are really found in the code.</summary>
    [Theory]
    [InlineData("gateway", "auth", "GET /internal/sessions/revoked")]
    [InlineData("gateway", "sse-gateway", null)]
    [InlineData("gateway", "sse-gateway", "GET /api/v1/scan/x/events")]
    [InlineData("gateway", "my", "GET /api/v1/dead-letters/x/events")]
    [InlineData("image", "media", "POST /v1/normalize")]
    [InlineData("worker", "scan", "PUT /internal/scans/")]
    [InlineData("scan", "worker", "GET /internal/taxonomy")]
    public void A_call_is_found_in_the_code(string from, string to, string? call) => Assert.Contains((from, to, call), AccessRules.Calls);

    [Fact]
    public void A_call_of_an_actor_is_found_in_the_code() => Assert.Equal([("worker", "character")], AccessRules.ActorCalls);

    /// <summary>Whoever adds a check that makes an app unready decides anew whether all replicas could fail it at once, as they would by a broker.</summary>
    [Fact]
    public void Readiness_asks_no_broker()
    {
        var checks = DaprFile.Apps.Select(app => app.Folder).Append(Path.Combine(Checkout.Root, "services/Eco2.ServiceDefaults")).SelectMany(folder => Check().Matches(DaprFile.Source(folder)).Select(match => match.Groups["name"].Value));

        Assert.Equal(["DatabaseCheck", "KnowsTokens", "SidecarCheck"], checks.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>What scalers and the canary ask Prometheus for is what a web app of .NET, or the product, really counts.</summary>
    [Fact]
    public async Task The_metrics_that_are_asked_for_exist()
    {
        var names = new ConcurrentBag<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => names.Add(Exported(instrument)) };
        listener.Start();
        await using var app = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]).Build();
        await app.StartAsync();

        foreach (var own in DaprFile.Apps.SelectMany(app => Own().Matches(DaprFile.Source(app.Folder))))
        {
            names.Add(own.Groups["name"].Value.Replace('.', '_'));
        }

        var asked = Overlay.Load("aws").Objects.SelectMany(o => o.Root.Everything()).SelectMany(node => Metric().Matches(node["query"].Text).Select(match => match.Groups["name"].Value)).Distinct().ToList();

        Assert.Equal(3, asked.Count);
        Assert.All(asked, name => Assert.Contains(Suffix().Replace(name, ""), names));
    }

    // OpenTelemetry's name as Prometheus gets it; a duration carries its unit.
    private static string Exported(Instrument instrument) => instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "");

    [GeneratedRegex("job=\"(?<name>[^\"]+)\"")]
    private static partial Regex Job();

    [GeneratedRegex(@"class (?<name>\w+)\([^)]*\) : IReadinessCheck")]
    private static partial Regex Check();

    [GeneratedRegex(@"Create\w+(?:<\w+>)?\(""(?<name>eco2\.[\w.]+)""")]
    private static partial Regex Own();

    [GeneratedRegex(@"(?<name>[a-z][a-z0-9_]*)\{")]
    private static partial Regex Metric();

    [GeneratedRegex("_(count|sum|bucket|total)$")]
    private static partial Regex Suffix();
}
