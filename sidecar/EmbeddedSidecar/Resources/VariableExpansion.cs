using System.Text.RegularExpressions;

namespace EmbeddedSidecar.Resources;

/// <summary>$VAR and ${VAR} in a text; what is not set becomes empty.</summary>
internal static partial class VariableExpansion
{
    public static string Expand(string text) =>
        Variable().Replace(text, match => Environment.GetEnvironmentVariable(match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value) ?? "");

    [GeneratedRegex(@"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
