using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Eco2.Cli.Bench;

/// <summary>What the window of a <see cref="LineRun"/> cost by process.</summary>
internal static class LineCosts
{
    public static void Add(JsonObject report, IReadOnlyList<ProcessUse> used, ProcessMeter meter)
    {
        report["machine_busy"] = Math.Round(meter.Busy, 3);
        report["machine_busy_elsewhere"] = Math.Round(meter.BusyElsewhere, 3);
        report["processes"] = new JsonArray([.. used.OrderBy(p => p.Group == "apart").ThenByDescending(p => p.CpuMs).Select(p => new JsonObject
        {
            ["name"] = p.Name,
            ["group"] = p.Group,
            ["cpu_ms"] = p.CpuMs,
            ["peak_mb"] = Math.Round(p.PeakMb, 1),
        })]);
    }

    public static void Print(JsonObject report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "");
        foreach (var (name, value) in report.Where(member => member.Key != "processes"))
        {
            table.AddRow(name.Replace('_', ' '), value is JsonObject several ? Flat(several) : $"{value}");
        }

        AnsiConsole.Write(table);
        var costs = new Table().Border(TableBorder.Rounded).AddColumns("process", "core-ms in the window", "peak MB", "");
        foreach (var process in report["processes"]!.AsArray())
        {
            costs.AddRow($"{process!["name"]}", process["cpu_ms"]!.GetValue<double>().ToString("0", CultureInfo.InvariantCulture), $"{process["peak_mb"]}", $"{process["group"]}");
        }

        AnsiConsole.Write(costs);
    }

    private static string Flat(JsonObject values) =>
        string.Join(", ", values.Select(member => $"{member.Key.Replace('_', ' ')} {(member.Value is JsonObject several ? $"({Flat(several)})" : member.Value)}"));
}
