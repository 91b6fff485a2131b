using System.Text.Json;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>One panel of <c>deploy/observability/dashboards</c>.</summary>
internal sealed record Panel(string File, string Title, string Unit, string Source, (int X, int Y, int W, int H) Place, IReadOnlyList<string> Expressions);

internal static class Dashboards
{
    public static string Folder { get; } = Path.Combine(Checkout.Root, "deploy/observability/dashboards");

    public static IReadOnlyDictionary<string, JsonElement> Files { get; } = Directory.GetFiles(Folder).ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => JsonElement.Parse(File.ReadAllText(file)));

    public static IReadOnlyList<Panel> Panels { get; } = [.. Files.SelectMany(file => file.Value.GetProperty("panels").EnumerateArray().Select(panel => Read(file.Key, panel)))];

    private static Panel Read(string file, JsonElement panel)
    {
        var grid = panel.GetProperty("gridPos");
        return new(
            file,
            panel.GetProperty("title").GetString()!,
            panel.GetProperty("fieldConfig").GetProperty("defaults").TryGetProperty("unit", out var unit) ? unit.GetString()! : "",
            panel.GetProperty("datasource").GetProperty("uid").GetString()!,
            (grid.GetProperty("x").GetInt32(), grid.GetProperty("y").GetInt32(), grid.GetProperty("w").GetInt32(), grid.GetProperty("h").GetInt32()),
            [.. panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("expr").GetString()!)]);
    }
}
