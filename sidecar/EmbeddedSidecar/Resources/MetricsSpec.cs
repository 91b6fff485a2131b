using System.Globalization;

namespace EmbeddedSidecar.Resources;

/// <summary>Section metrics of a Configuration. Rules, path matching and error codes have no effect: no path is a label here.</summary>
/// <param name="LatencyBuckets">Upper bounds in milliseconds; empty = daprd's own.</param>
internal sealed record MetricsSpec(bool Enabled, IReadOnlyList<double> LatencyBuckets)
{
    public static readonly MetricsSpec Standard = new(true, []);

    public static MetricsSpec Read(YamlMap metrics)
    {
        metrics.RefuseOthers("metrics", "enabled", "latencyDistributionBuckets", "rules", "http", "recordErrorCodes", "workflow");
        return new MetricsSpec(
            metrics.Text("enabled") is not { Length: > 0 } || metrics.Flag("enabled"),
            [.. metrics.Texts("latencyDistributionBuckets").Select(text =>
                double.TryParse(text, CultureInfo.InvariantCulture, out var bound) && bound > 0
                    ? bound
                    : throw metrics.Refuse("latencyDistributionBuckets", "must be positive numbers"))]);
    }
}
