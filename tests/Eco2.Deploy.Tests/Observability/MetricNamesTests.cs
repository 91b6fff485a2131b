using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>Whatever rules and panels name is there: the product shows it, a rule records it, or it is one of other people's.</summary>
public sealed partial class MetricNamesTests(WatchedSystem system) : IClassFixture<WatchedSystem>
{
    // Of Prometheus and of the exporters that docs and deploy files name; none of them runs here. daprd's own process metrics are those of every Go program.
    private static readonly Dictionary<string, string[]> Others = new(StringComparer.Ordinal)
    {
        ["up"] = [],
        ["ALERTS"] = ["alertname", "alertstate", "severity"],
        ["process_cpu_seconds_total"] = [],
        ["process_resident_memory_bytes"] = [],
        ["redis_up"] = [],
        ["redis_memory_used_bytes"] = [],
        ["redis_memory_max_bytes"] = [],
        ["pg_up"] = [],
        ["pg_stat_activity_count"] = ["state"],
        ["certmanager_certificate_expiration_timestamp_seconds"] = ["name"],
        ["probe_ssl_earliest_cert_expiry"] = [],
        ["kube_pod_container_status_restarts_total"] = [],
        ["kube_horizontalpodautoscaler_status_current_replicas"] = ["horizontalpodautoscaler"],
        ["kube_horizontalpodautoscaler_status_desired_replicas"] = ["horizontalpodautoscaler"],
        ["kube_horizontalpodautoscaler_spec_max_replicas"] = ["horizontalpodautoscaler"],
        ["kubelet_volume_stats_available_bytes"] = ["persistentvolumeclaim"],
        ["kubelet_volume_stats_capacity_bytes"] = ["persistentvolumeclaim"],
    };

    // What a scraper adds: deploy/compose/observe/prometheus.yaml and deploy/k8s/components/monitoring.
    private static readonly string[] OfTheScraper = ["job", "instance", "app", "namespace", "pod", "container", "le"];

    // Counters of what a system that is well does not do; they have no series until it happens. The last is daprd's.
    private static readonly Dictionary<string, string[]> NotSeenHere = new(StringComparer.Ordinal)
    {
        ["eco2_jobs_refused_total"] = ["reason"],
        ["eco2_jobs_gaps_total"] = [],
        ["eco2_sse_catch_ups_total"] = ["why"],
        ["eco2_dead_letters_replayed_total"] = [],
        ["dapr_resiliency_activations_total"] = ["name", "policy", "flow_direction", "target", "status", "app_id"],
    };

    private static IEnumerable<(string Where, string Expression)> Expressions =>
        Rules.All.Select(rule => (rule.Name, rule.Expression)).Concat(Dashboards.Panels.SelectMany(panel => panel.Expressions.Select(expression => ($"{panel.File}, {panel.Title}", expression))));

    [Fact]
    public void Every_metric_and_label_that_is_named_is_there() => Assert.Empty(Expressions.SelectMany(one => Complaints(one.Where, one.Expression)));

    [Theory]
    [InlineData("sum(rate(eco2_jobs_ended_total[5m]))", "eco2_jobs_ended_total is shown by nobody")]
    [InlineData("sum(rate(eco2_jobs_duration_seconds[5m]))", "eco2_jobs_duration_seconds is shown by nobody")]
    [InlineData("eco2:nothing:ratio", "eco2:nothing:ratio is shown by nobody")]
    [InlineData("sum(eco2_jobs_finished_total{state=\"done\"})", "eco2_jobs_finished_total has no label state")]
    [InlineData("sum by (provider) (rate(eco2_models_failures_total[5m]))", "no metric of it has a label provider")]
    [InlineData("rate(dapr_component_state_count{successful=\"true\"}[5m]) / on (app) group_left () up", "dapr_component_state_count has no label successful")]
    public void What_is_not_there_is_found(string expression, string complaint) => Assert.Contains($"x: {complaint}", Complaints("x", expression));

    [Fact]
    public void Other_peoples_metrics_are_wanted_and_none_of_ours_is_among_them()
    {
        var named = Expressions.SelectMany(one => PromQl.Read(one.Expression).Selectors).Select(selector => selector.Metric).ToHashSet();

        Assert.Empty(Others.Keys.Except(named));
        Assert.Empty(Others.Keys.Intersect(system.Exposed.Keys));
    }

    /// <summary>A series that comes after all must not keep its place among those that do not.</summary>
    [Fact]
    public void What_was_not_seen_was_not_seen() => Assert.All(NotSeenHere.Keys, name => Assert.True(!system.Exposed.TryGetValue(name, out var labels) || labels.All(label => label is "" || NotSeenHere[name].Contains(label)), name));

    /// <summary>The table of the product's own metrics says what there is, all of it and nothing else.</summary>
    [Fact]
    public void The_documentation_names_what_the_product_shows()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docs/observability.md"));
        var documented = OwnMetric().Matches(text[text.IndexOf("## Metrics", StringComparison.Ordinal)..text.IndexOf("## The sidecar's metrics", StringComparison.Ordinal)]).Select(match => match.Value).ToHashSet();
        var shown = system.Exposed.Keys.Where(name => OwnMetric().IsMatch(name)).Select(name => HistogramSuffix().Replace(name, "")).Concat(NotSeenHere.Keys.Where(name => OwnMetric().IsMatch(name))).ToHashSet();

        // The Node app's port is not set here; its own tests see them.
        documented.RemoveWhere(name => name.StartsWith("eco2_media_", StringComparison.Ordinal));
        Assert.Empty(documented.Except(shown));
        Assert.Empty(shown.Except(documented));
    }

    private IEnumerable<string> Complaints(string where, string expression)
    {
        var (selectors, groups) = PromQl.Read(expression);
        var carried = new HashSet<string>(OfTheScraper);
        foreach (var (metric, labels) in selectors)
        {
            if (metric.Contains(':', StringComparison.Ordinal))
            {
                if (Rules.All.FirstOrDefault(rule => rule.Name == metric) is not { } recorded)
                {
                    yield return $"{where}: {metric} is shown by nobody";
                }
                else
                {
                    carried.UnionWith(PromQl.Read(recorded.Expression).Groups);
                }

                continue;
            }

            if (Others.TryGetValue(metric, out var own) || NotSeenHere.TryGetValue(metric, out own))
            {
                carried.UnionWith(own);
            }
            else if (system.Exposed.TryGetValue(metric, out var seen))
            {
                carried.UnionWith(seen);
                own = [.. seen];
            }
            else
            {
                yield return $"{where}: {metric} is shown by nobody";
                continue;
            }

            foreach (var label in labels.Except(OfTheScraper).Except(own))
            {
                yield return $"{where}: {metric} has no label {label}";
            }
        }

        foreach (var label in groups.Except(carried))
        {
            yield return $"{where}: no metric of it has a label {label}";
        }
    }

    [GeneratedRegex(@"\b(?:eco2|gen_ai)_\w+")]
    private static partial Regex OwnMetric();

    [GeneratedRegex("_(?:bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();
}
