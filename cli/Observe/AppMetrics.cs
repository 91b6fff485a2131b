using System.Globalization;

namespace Eco2.Cli.Observe;

/// <summary>What one app's <c>/metrics</c> said.</summary>
/// <param name="Requests">Answered since its start, its own probes left out.</param>
internal sealed record AppMetrics(double Requests, double Errors, IReadOnlyList<Figure> Figures)
{
    private const string Answered = "http_server_request_duration_seconds_count";

    public static AppMetrics Parse(string text)
    {
        var (requests, errors) = (0d, 0d);
        var figures = new List<Figure>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(Answered, StringComparison.Ordinal))
            {
                if (line.Contains("http_route=\"/", StringComparison.Ordinal) && !line.Contains("\"/healthz\"", StringComparison.Ordinal) && !line.Contains("\"/readyz\"", StringComparison.Ordinal))
                {
                    var (_, labels, value) = Split(line);
                    requests += value;
                    errors += labels.Contains("http_response_status_code=\"5", StringComparison.Ordinal) ? value : 0;
                }
            }
            else if ((line.StartsWith("eco2_", StringComparison.Ordinal) || line.StartsWith("gen_ai_", StringComparison.Ordinal)) && Split(line) is var (name, labels, value)
                && !name.EndsWith("_bucket", StringComparison.Ordinal))
            {
                figures.Add(new Figure(name, labels, value));
            }
        }

        return new AppMetrics(requests, errors, figures);
    }

    /// <summary>The sums over all apps, by name and labels.</summary>
    public static IReadOnlyList<Figure> Sum(IEnumerable<AppMetrics> apps) =>
    [
        .. apps.SelectMany(app => app.Figures)
            .GroupBy(figure => (figure.Name, figure.Labels))
            .Select(group => new Figure(group.Key.Name, group.Key.Labels, group.Sum(figure => figure.Value)))
            .OrderBy(figure => figure.Name, StringComparer.Ordinal)
            .ThenBy(figure => figure.Labels, StringComparer.Ordinal),
    ];

    // name{a="b"} 12
    private static (string Name, string Labels, double Value) Split(string line)
    {
        var space = line.LastIndexOf(' ');
        var brace = line.IndexOf('{', StringComparison.Ordinal);
        _ = double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        return brace < 0 ? (line[..Math.Max(space, 0)], "", value) : (line[..brace], line[(brace + 1)..line.LastIndexOf('}')], value);
    }
}
