using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>What an expression names. Whether it is an expression at all, promtool says.</summary>
internal static partial class PromQl
{
    private static readonly HashSet<string> Words = ["and", "or", "unless", "bool", "offset", "inf", "nan"];
    private static readonly HashSet<string> Grouping = ["by", "without", "on", "ignoring", "group_left", "group_right"];

    /// <summary>Each metric with the labels that its selectors ask for, and apart from them the labels that results are grouped or joined by.</summary>
    public static (IReadOnlyList<(string Metric, IReadOnlyList<string> Labels)> Selectors, IReadOnlyList<string> Groups) Read(string expression)
    {
        var selectors = new List<(string, IReadOnlyList<string>)>();
        var groups = new List<string>();
        var tokens = Token().Matches(Text().Replace(expression, "\"\"")).Select(match => match.Value).ToList();
        for (var at = 0; at < tokens.Count; at++)
        {
            var next = at + 1 < tokens.Count ? tokens[at + 1] : "";
            if (Grouping.Contains(tokens[at]))
            {
                while (next == "(" && tokens[++at] != ")")
                {
                    groups.AddRange(Name().IsMatch(tokens[at]) ? [tokens[at]] : []);
                }
            }
            else if (tokens[at] == "[")
            {
                at = tokens.IndexOf("]", at);
            }
            else if (Name().IsMatch(tokens[at]) && next != "(" && !Words.Contains(tokens[at].ToLowerInvariant()))
            {
                // A function of the aggregating kind may have its grouping first: sum by (le) (...).
                if (Grouping.Contains(next))
                {
                    continue;
                }

                var labels = new List<string>();
                var metric = tokens[at];
                while (next == "{" && tokens[++at] != "}")
                {
                    labels.AddRange(Name().IsMatch(tokens[at]) ? [tokens[at]] : []);
                }

                selectors.Add((metric, labels));
            }
        }

        return (selectors, groups);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'")]
    private static partial Regex Text();

    // Numbers with their units are one token, so that the m of 5m is no metric.
    [GeneratedRegex(@"[a-zA-Z_:][\w:]*|\d[\w.]*|[^\s]")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[a-zA-Z_:][\w:]*$")]
    private static partial Regex Name();
}
