using System.Text;
using System.Text.Json;
using Eco2.Deploy.Tests.Compose;
using Eco2.Deploy.Tests.Kubernetes;
using Xunit;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>The dashboards, as far as they can be judged without Grafana.</summary>
public sealed class DashboardTests
{
    // Of Grafana's units, those that are right for what is counted here.
    private static readonly string[] Units = ["cps", "cpm", "reqps", "ops", "s", "ms", "d", "bytes", "percentunit", "short", "none", "currencyUSD"];

    [Fact]
    public void There_are_five_each_with_its_own_name()
    {
        Assert.Equal(["infrastructure", "models", "overview", "pipeline", "sse"], Dashboards.Files.Keys.Order(StringComparer.Ordinal));
        Assert.All(Dashboards.Files, file => Assert.Equal("eco2-" + file.Key, file.Value.GetProperty("uid").GetString()));
    }

    [Fact]
    public void Every_panel_has_a_unit_that_fits_and_a_place_of_its_own()
    {
        Assert.NotEmpty(Dashboards.Panels);
        Assert.All(Dashboards.Panels, panel => Assert.Contains(panel.Unit, Units));
        Assert.All(Dashboards.Panels, panel => Assert.True(Complaint(panel) is null, $"{panel.File}, {panel.Title}: {Complaint(panel)}"));
        foreach (var file in Dashboards.Panels.GroupBy(panel => panel.File))
        {
            var panels = file.ToList();
            Assert.Equal(panels.Count, panels.Select(panel => panel.Title).Distinct().Count());
            Assert.All(panels, one => Assert.DoesNotContain(panels, other => other != one && Overlap(one.Place, other.Place)));
        }
    }

    [Theory]
    [InlineData("sum(rate(x_seconds_sum[5m]))", "ms", false)]
    [InlineData("histogram_quantile(0.95, sum by (le) (rate(x_latencies_bucket[5m])))", "s", false)]
    [InlineData("sum(x_bytes)", "short", false)]
    [InlineData("histogram_quantile(0.95, sum by (le) (rate(x_duration_seconds_bucket[5m])))", "s", true)]
    public void A_unit_that_does_not_fit_is_found(string expression, string unit, bool fits) =>
        Assert.Equal(fits, Complaint(new Panel("x", "x", unit, "prometheus", default, [expression])) is null);

    /// <summary>promtool reads no expression alone, but rules.</summary>
    [Fact]
    public void Every_query_is_one()
    {
        using var scratch = new Scratch();
        var rules = new StringBuilder("groups:\n  - name: panels\n    rules:\n");
        foreach (var (expression, number) in Dashboards.Panels.SelectMany(panel => panel.Expressions).Select((expression, number) => (expression, number)))
        {
            rules.Append("      - { record: 'panel:").Append(number).Append("', expr: ").Append(JsonSerializer.Serialize(expression)).Append(" }\n");
        }

        var (exit, said) = Tool.Run("promtool", ["check", "rules", scratch.Write("panels.yaml", rules.ToString())], scratch.Path);

        Assert.True(exit == 0, said);
    }

    [Fact]
    public void Their_source_is_there_in_Compose()
    {
        var project = ComposeProject.Load();

        Assert.All(Dashboards.Panels, panel => Assert.Contains($"uid: {panel.Source},", project.Texts["observe/grafana.yaml"], StringComparison.Ordinal));
        var folder = project.Services["grafana"].Volumes.Single(volume => volume.Source == "../observability/dashboards").Target;
        Assert.Contains($"path: {folder} ", project.Texts["observe/dashboards.yaml"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_cluster_gets_the_same()
    {
        var maps = Overlay.Load("production").Of("ConfigMap").Where(map => map.Root["metadata/labels/grafana_dashboard"].Text == "1").ToList();

        Assert.Equal(
            Dashboards.Files.Keys.Order(StringComparer.Ordinal).Select(name => (name + ".json", File.ReadAllText(Path.Combine(Dashboards.Folder, name + ".json")))),
            maps.SelectMany(map => map.Root["data"].Pairs).Select(pair => (pair.Key, pair.Value.Text)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>A rate of seconds is a share of time; what is measured keeps its unit.</summary>
    private static string? Complaint(Panel panel)
    {
        foreach (var expression in panel.Expressions)
        {
            var quantile = expression.StartsWith("histogram_quantile", StringComparison.Ordinal);
            var wanted = quantile && expression.Contains("_seconds_bucket", StringComparison.Ordinal) ? ["s"]
                : quantile && (expression.Contains("_latencies_bucket", StringComparison.Ordinal) || expression.Contains("_latency_bucket", StringComparison.Ordinal)) ? ["ms"]
                : expression.Contains("rate(", StringComparison.Ordinal) && expression.Contains("_seconds_", StringComparison.Ordinal) && !expression.Contains("_seconds_count", StringComparison.Ordinal) ? ["short", "percentunit"]
                : expression.Contains("_bytes", StringComparison.Ordinal) && !expression.Contains(" / ", StringComparison.Ordinal) ? (string[])["bytes"]
                : Units;
            if (!wanted.Contains(panel.Unit))
            {
                return $"{panel.Unit} is no unit of {expression}";
            }
        }

        return null;
    }

    private static bool Overlap((int X, int Y, int W, int H) a, (int X, int Y, int W, int H) b) => a.X < b.X + b.W && b.X < a.X + a.W && a.Y < b.Y + b.H && b.Y < a.Y + a.H;
}
