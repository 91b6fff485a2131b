using System.Text.Json.Nodes;

namespace Eco2.Cli.Bench;

/// <summary>Adds to the generator's report what the run cost by process.</summary>
internal static class LoadCosts
{
    public static void Add(JsonObject report, IReadOnlyList<ProcessUse> used, ProcessMeter meter, double modelMeanMs)
    {
        var done = report["done"]!.GetValue<int>();
        double PerScan(double cpuMs) => done == 0 ? 0 : Math.Round(cpuMs / done, 3);
        report["model_set_mean_ms"] = modelMeanMs;
        report["machine_busy"] = Math.Round(meter.Busy, 3);
        report["machine_busy_elsewhere"] = Math.Round(meter.BusyElsewhere, 3);
        report["system_core_ms_per_scan"] = PerScan(used.Where(p => p.Group == "system").Sum(p => p.CpuMs));
        report["system_peak_mb"] = Math.Round(used.Where(p => p.Group == "system").Sum(p => p.PeakMb));
        report["processes"] = new JsonArray([.. used.OrderBy(p => p.Group == "apart").ThenByDescending(p => p.CpuMs).Select(p => new JsonObject
        {
            ["name"] = p.Name,
            ["group"] = p.Group,
            ["core_ms_per_scan"] = PerScan(p.CpuMs),
            ["cpu_ms"] = p.CpuMs,
            ["peak_mb"] = Math.Round(p.PeakMb, 1),
        })]);
    }
}
