using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Eco2.Cli.Bench;

/// <summary>Draws a load run as SVG: scans done, end to end and submit times over the window, and the cost by process.</summary>
internal static class LoadPlot
{
    private const int Width = 920;
    private const int Height = 130;
    private const int Left = 70;
    private const int Row = 22;

    public static string Draw(JsonObject report)
    {
        var processes = report["processes"]!.AsArray();
        var svg = new StringBuilder();
        var bottom = 50 + (3 * (Height + 50));
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width + Left + 30}" height="{bottom + 40 + (processes.Count * Row)}" font-family="sans-serif" font-size="12">""");
        svg.Append("""<rect width="100%" height="100%" fill="white"/>""");
        Text(svg, 10, 24, $"{report["users"]} users, {report["done_per_minute"]} done per minute, {report["system_core_ms_per_scan"]} core-ms per scan, p95 {report["end_to_end"]!["p95"]} ms", 15);
        Series(svg, 50, "scans done per second", report["done_per_second"]!.AsArray(), "#2a7fbf", Ideal(report));
        Series(svg, 50 + Height + 50, "end to end p95, ms", report["end_to_end_p95_per_second"]!.AsArray(), "#c7242c", report["model_time"]!["p95"]!.GetValue<double>());
        Series(svg, 50 + (2 * (Height + 50)), "submit p95, ms", report["submit_p95_per_second"]!.AsArray(), "#1f7a3f", 0);
        Bars(svg, bottom, processes);
        return svg.Append("</svg>").ToString();
    }

    private static double Ideal(JsonObject report) => report["ideal_per_minute"]!.GetValue<double>() / 60;

    /// <summary>The dashed line is the ideal, or what the models alone take.</summary>
    private static void Series(StringBuilder svg, int top, string title, JsonArray values, string colour, double mark)
    {
        double[] numbers = [.. values.Select(value => value!.GetValue<double>())];
        var most = Math.Max(numbers.DefaultIfEmpty().Max(), mark) * 1.1;
        most = most == 0 ? 1 : most;
        double X(int n) => Left + (Width * n / Math.Max(1.0, numbers.Length - 1));
        double Y(double value) => top + Height - (Height * value / most);
        Text(svg, Left, top - 6, title);
        Text(svg, 4, top + 10, most.ToString("0.#", CultureInfo.InvariantCulture));
        Text(svg, 4, top + Height, "0");
        svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{Left}" y="{top}" width="{Width}" height="{Height}" fill="none" stroke="#bbb"/>""");
        if (mark > 0)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{Left} {Y(mark):0.#}h{Width}" stroke="#888" stroke-dasharray="5 4"/>""");
        }

        svg.Append("<path fill=\"none\" stroke-width=\"1.5\" stroke=\"").Append(colour).Append("\" d=\"");
        for (var n = 0; n < numbers.Length; n++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"{(n == 0 ? 'M' : 'L')}{X(n):0.#} {Y(numbers[n]):0.#}");
        }

        svg.Append("\"/>");
    }

    private static void Bars(StringBuilder svg, int top, JsonArray processes)
    {
        var most = Math.Max(0.001, processes.Max(process => process!["core_ms_per_scan"]!.GetValue<double>()));
        Text(svg, Left, top + 6, "core-ms per scan and peak memory by process (grey: not the system)");
        for (var n = 0; n < processes.Count; n++)
        {
            var (process, y) = (processes[n]!, top + 20 + (n * Row));
            var cost = process["core_ms_per_scan"]!.GetValue<double>();
            var length = (Width - 330) * cost / most;
            Text(svg, Left - 60, y + 12, $"{process["name"]}");
            svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{Left + 50}" y="{y}" width="{length:0.#}" height="15" fill="{(process["group"]!.GetValue<string>() == "system" ? "#2a7fbf" : "#aaa")}"/>""");
            Text(svg, (int)(Left + 56 + length), y + 12, string.Create(CultureInfo.InvariantCulture, $"{cost:0.00} ms, {process["peak_mb"]} MB"));
        }
    }

    private static void Text(StringBuilder svg, int x, int y, string text, int size = 12) =>
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{x}" y="{y}" font-size="{size}">{System.Security.SecurityElement.Escape(text)}</text>""");
}
