using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>Everything that watches looks at services that are there, and at every sidecar.</summary>
internal static partial class WatchRules
{
    // Which service reads which file.
    private static readonly Dictionary<string, string> Readers = new()
    {
        ["observe/otel.yaml"] = "otel-collector",
        ["observe/prometheus.yaml"] = "prometheus",
        ["observe/fluent-bit.yaml"] = "fluent-bit",
        ["observe/grafana.yaml"] = "grafana",
        ["observe/dashboards.yaml"] = "grafana",
    };

    public static IEnumerable<string> Complaints(ComposeProject project)
    {
        foreach (var (file, reader) in Readers)
        {
            if (!project.Services[reader].Volumes.Any(volume => volume.Source == "./" + file))
            {
                yield return $"{reader} does not read {file}";
            }

            foreach (var host in Hosts().Matches(Comment().Replace(project.Texts[file], "")).Select(match => match.Groups["host"].Value).Where(host => host != "0.0.0.0" && !project.Meet(reader, host)))
            {
                yield return $"{file}: {reader} does not reach {host}";
            }
        }

        foreach (var sidecar in project.Services.Values.Where(s => s.Flag("app-id") is not null && !project.Texts["observe/prometheus.yaml"].Contains($"{s.Name}:{s.Flag("metrics-port")}", StringComparison.Ordinal)))
        {
            yield return $"nobody counts what {sidecar.Name} does";
        }

        foreach (var quiet in project.Services.Values.Where(s => s.Settings.GetValueOrDefault("logging") is not IDictionary<object, object>))
        {
            yield return $"the log of {quiet.Name} grows without end, or without a name";
        }
    }

    [GeneratedRegex(@"(?:https?://|[\[,""\s])(?<host>[a-z][a-z0-9.-]*|0\.0\.0\.0):\d{4,5}|host: (?<host>[a-z-]+)")]
    private static partial Regex Hosts();

    [GeneratedRegex("#.*")]
    private static partial Regex Comment();
}
