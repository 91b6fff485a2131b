using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Eco2.Cli.Bench;

/// <summary>The report of a load run for eyes.</summary>
internal static class LoadTable
{
    public static void Print(JsonObject report)
    {
        var check = report["check"]!;
        var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "");
        table.AddRow("users / rate / accounts", $"{report["users"]} / {report["rate"]?.ToString() ?? "–"} / {report["accounts"]}");
        table.AddRow("window", $"{report["window_seconds"]} s, machine {Number(report, "machine_busy"):P0} busy, {Number(report, "machine_busy_elsewhere"):P0} with other things");
        table.AddRow("submitted, accepted", $"{report["submitted"]}, {report["accepted"]}");
        table.AddRow("refused 429, 503; other; no answer; gave up", $"{report["refused429"]}, {report["refused503"]}; {report["other_answers"]}; {report["no_answers"]}; {report["gave_up"]}");
        table.AddRow("done, not done", $"{report["done"]}, {report["not_done"]}");
        table.AddRow("done per minute", $"{report["done_per_minute"]} ({Number(report, "done_per_minute") / 60:0.0}/s), {Number(report, "share_of_ideal"):P1} of ideal {report["ideal_per_minute"]}");
        table.AddRow("submit p50, p95, p99", Line(report["submit"]!));
        table.AddRow("refusal p50, p95, p99", Line(report["refusal"]!));
        table.AddRow("first event p50, p95, p99", Line(report["first_event"]!));
        table.AddRow("end to end p50, p95, p99", Line(report["end_to_end"]!));
        table.AddRow("model time p50, p95, p99", $"{Line(report["model_time"]!)}, mean {report["model_mean_ms"]} ms (set: {report["model_set_mean_ms"]})");
        table.AddRow("beyond the models p50, p95, p99", Line(report["overhead"]!));
        table.AddRow("end to end p95 over model p95", $"{report["end_to_end_over_model_p95"]}");
        table.AddRow("core-ms per scan, system", $"[bold]{report["system_core_ms_per_scan"]}[/]");
        table.AddRow("peak memory, system", $"{report["system_peak_mb"]} MB");
        table.AddRow("whole run: accepted, done, failed, cancelled, lost", $"{check["accepted"]}, {check["done"]}, {check["failed"]}, {check["cancelled"]}, [bold]{check["lost"]}[/] ({check["failure_codes"]!.ToJsonString().EscapeMarkup()})");
        table.AddRow("rewards, reconnects, broken promises", $"{check["granted"]}, {check["reconnects"]}, [bold]{check["violations"]!.AsArray().Count}[/]");
        AnsiConsole.Write(table);

        PrintProcesses(report);
    }

    public static void PrintProcesses(JsonObject report)
    {
        var costs = new Table().Border(TableBorder.Rounded).AddColumns("process", "core-ms per scan", "peak MB", "");
        foreach (var process in report["processes"]!.AsArray())
        {
            costs.AddRow($"{process!["name"]}", Number(process, "core_ms_per_scan").ToString("0.00", CultureInfo.InvariantCulture), $"{process["peak_mb"]}", $"{process["group"]}");
        }

        AnsiConsole.Write(costs);
    }

    private static string Line(JsonNode percentiles) => $"{percentiles["p50"]}, {percentiles["p95"]}, {percentiles["p99"]} ms (max {percentiles["max"]})";

    private static double Number(JsonNode node, string name) => node[name]!.GetValue<double>();
}
