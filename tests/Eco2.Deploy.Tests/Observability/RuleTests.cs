using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Compose;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>The rules, judged by Prometheus' own tool: it reads them, and evaluates them over series that make each alert fire and stay silent.</summary>
public sealed partial class RuleTests
{
    private static readonly string Cases = Path.Combine(Checkout.Root, "tests/Eco2.Deploy.Tests/Observability/Rules");

    public static TheoryData<string> Files => [.. Rules.All.Select(rule => rule.File).Distinct()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Alerts_fire_when_they_should_and_not_before(string file)
    {
        using var scratch = new Scratch();
        Rules.Unpack(Rules.Folder, scratch.Path);
        File.Copy(Path.Combine(Cases, file + ".test.yaml"), Path.Combine(scratch.Path, file + ".test.yaml"));

        var (exit, said) = Tool.Run("promtool", ["test", "rules", file + ".test.yaml"], scratch.Path);

        Assert.True(exit == 0, said);
    }

    /// <summary>A threshold that is another, or a label that nothing carries, is seen by the cases.</summary>
    [Theory]
    [InlineData("slo", "14.4 * 0.001", "140 * 0.001", "RequestBudgetBurnsFast")]
    [InlineData("slo", "http_route!~\"/(healthz|readyz)\",http_response", "http_response", "RequestBudgetBurnsFast")]
    [InlineData("pipeline", "eco2_dead_letters_kept_total unless", "eco2_dead_letters_kept_total and", "DeadLetters")]
    [InlineData("pipeline", "max(eco2_outbox_unsent)", "sum(eco2_outbox_unsent)", "OutboxGrows")]
    [InlineData("models", "error_type=\"RateLimited\"", "error_type=\"429\"", "ModelRateLimited")]
    [InlineData("sse", "why=~\"end|left|stuck\"", "why=~\".+\"", "SseCompletionLow")]
    [InlineData("platform", "and max_over_time(redis_up[1d]) == 1", "", "RedisDown")]
    public void A_rule_that_says_something_else_is_found(string file, string from, string to, string alert)
    {
        using var altered = new Scratch();
        using var scratch = new Scratch();
        var text = File.ReadAllText(Path.Combine(Rules.Folder, file + ".yaml"));
        Assert.Contains(from, text, StringComparison.Ordinal);
        altered.Write(file + ".yaml", text.Replace(from, to, StringComparison.Ordinal));
        Rules.Unpack(altered.Path, scratch.Path);
        File.Copy(Path.Combine(Cases, file + ".test.yaml"), Path.Combine(scratch.Path, file + ".test.yaml"));

        var (exit, said) = Tool.Run("promtool", ["test", "rules", file + ".test.yaml"], scratch.Path);

        Assert.NotEqual(0, exit);
        Assert.Contains($"alertname: {alert},", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alert_is_seen_firing_and_seen_silent()
    {
        var tests = Directory.GetFiles(Cases).SelectMany(file => Manifest.Read(File.ReadAllText(file)).Single().Root["tests"].Items).SelectMany(test => test["alert_rule_test"].Items).ToList();

        Assert.NotEmpty(Rules.Alerts);
        foreach (var alert in Rules.Alerts)
        {
            var own = tests.Where(test => test["alertname"].Text == alert.Name).ToList();
            Assert.True(own.Exists(test => test["exp_alerts"].Items.Any()), $"{alert.Name} is never seen firing");
            Assert.True(own.Exists(test => !test["exp_alerts"].Items.Any()), $"{alert.Name} is never seen silent");
        }
    }

    /// <summary>What Compose's Prometheus reads is whole, rules included.</summary>
    [Fact]
    public void Prometheus_takes_its_configuration()
    {
        using var scratch = new Scratch();
        Rules.Unpack(Rules.Folder, scratch.Path);
        var text = ComposeProject.Load().Texts["observe/prometheus.yaml"];
        Assert.Contains("/tmp/rules/", text, StringComparison.Ordinal);
        var configuration = scratch.Write("prometheus.yml", text.Replace("/tmp/rules/", scratch.Path + "/", StringComparison.Ordinal));

        var (exit, said) = Tool.Run("promtool", ["check", "config", configuration], scratch.Path);

        Assert.True(exit == 0, said);
        Assert.Equal(Files.Count, Found().Count(said));
    }

    /// <summary>Whoever is woken finds what to do.</summary>
    [Fact]
    public void Every_alert_leads_to_its_runbook()
    {
        var headings = Heading().Matches(File.ReadAllText(Path.Combine(Checkout.Root, "docs/operations.md"))).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["text"].Value.Trim());

        foreach (var alert in Rules.Alerts)
        {
            Assert.True(alert.Runbook is { AbsolutePath: var path, Fragment: var fragment } && path.EndsWith("/docs/operations.md", StringComparison.Ordinal) && fragment == "#" + alert.Name.ToLowerInvariant(), $"{alert.Name} leads elsewhere");
            Assert.True(headings.TryGetValue(alert.Name, out var text) && text.Length > 40, $"docs/operations.md does not say what to do about {alert.Name}");
            Assert.Contains(alert.Severity, (string[])["page", "ticket"]);
        }

        Assert.Equal(Rules.Alerts.Count(), Rules.Alerts.Select(alert => alert.Name).Distinct().Count());
        Assert.Empty(headings.Keys.Except(Rules.Alerts.Select(alert => alert.Name)));
    }

    [Fact]
    public void The_cluster_gets_the_same_rules()
    {
        var rendered = Overlay.Load("production").Of("PrometheusRule").SelectMany(rules => rules.Spec["groups"].Items).SelectMany(group => group["rules"].Items).ToDictionary(
            rule => rule["alert"].IsThere ? rule["alert"].Text : rule["record"].Text, rule => rule["expr"].Text);

        Assert.Equal(Rules.All.ToDictionary(rule => rule.Name, rule => rule.Expression), rendered);
    }

    // Alerts are the headings of the fourth level.
    [GeneratedRegex(@"^#### (?<name>\w+)\n(?<text>(?:(?!#).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("rules found")]
    private static partial Regex Found();
}
