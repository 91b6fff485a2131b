using System.Globalization;

namespace Eco2.Cli.Bench;

/// <summary>What one named process, or a server with its children, has used so far.</summary>
/// <param name="CpuMs">User and system time.</param>
/// <param name="PeakMb">Highest resident memory since <see cref="ProcessMeter.Begin"/>; for PostgreSQL the highest sampled sum in which shared
/// pages count once.</param>
internal sealed record ProcessUse(string Name, string Group, double CpuMs, double PeakMb);

/// <summary>Reads processor time and memory of processes from /proc, between two moments.</summary>
internal sealed class ProcessMeter(Func<IReadOnlyList<(string Name, string Group, int Pid)>> processes)
{
    private const double TickMs = 10;

    private readonly Dictionary<string, double> before = [];
    private readonly Dictionary<string, double> peaks = [];
    private readonly Lock gate = new();
    private double idleBefore;
    private long began;

    /// <summary>Share of the machine's processors that worked between begin and end.</summary>
    public double Busy { get; private set; }

    /// <summary>Share of the machine's processors that others took: near 0, or the measurement is not worth much.</summary>
    public double BusyElsewhere { get; private set; }

    public void Begin()
    {
        lock (gate)
        {
            (began, idleBefore) = (Environment.TickCount64, IdleMs());
            foreach (var (name, _, pid) in processes())
            {
                before[$"{name} {pid}"] = CpuMs(name, pid);
                // Forget the peak of starting and warming up.
                TryWrite($"/proc/{pid}/clear_refs", "5");
            }
        }
    }

    /// <summary>Call it now and then: some memory is only seen while somebody looks.</summary>
    public void Look()
    {
        lock (gate)
        {
            foreach (var (name, _, pid) in processes())
            {
                var now = name == "postgres" ? MemoryMb(name, pid) : Field($"/proc/{pid}/status", "VmHWM:") / 1024;
                peaks[name] = Math.Max(peaks.GetValueOrDefault(name), now);
            }
        }
    }

    public IReadOnlyList<ProcessUse> End()
    {
        lock (gate)
        {
            var available = (double)(Environment.TickCount64 - began) * Environment.ProcessorCount;
            Busy = 1 - ((IdleMs() - idleBefore) / available);
            var used = processes().Select(p => (p.Name, p.Group, CpuMs: CpuMs(p.Name, p.Pid) - before.GetValueOrDefault($"{p.Name} {p.Pid}"))).ToList();
            BusyElsewhere = Math.Max(0, Busy - (used.Sum(p => p.CpuMs) / available));
            Look();
            return [.. used.Select(p => new ProcessUse(p.Name, p.Group, p.CpuMs, peaks.GetValueOrDefault(p.Name)))];
        }
    }

    /// <summary>PostgreSQL is a process per connection; the time of those that ended is with their parent.</summary>
    public static double CpuMs(string name, int pid) =>
        name == "postgres" ? Family(pid).Sum(member => Ticks(member, withEnded: member == pid)) * TickMs : Ticks(pid, withEnded: false) * TickMs;

    /// <summary>Resident memory now; for PostgreSQL the sum over its processes in which shared pages count once.</summary>
    public static double MemoryMb(string name, int pid) =>
        (name == "postgres" ? Family(pid).Sum(member => Field($"/proc/{member}/smaps_rollup", "Pss:")) : Field($"/proc/{pid}/status", "VmRSS:")) / 1024;

    private static double Ticks(int pid, bool withEnded)
    {
        // The second field is the name in brackets and may hold anything.
        var fields = Read($"/proc/{pid}/stat") is { } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : [];
        double At(int field) => double.Parse(fields[field - 3], CultureInfo.InvariantCulture);
        return fields.Length < 20 ? 0 : At(14) + At(15) + (withEnded ? At(16) + At(17) : 0);
    }

    private static List<int> Family(int pid)
    {
        var children = (Read($"/proc/{pid}/task/{pid}/children") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [pid, .. children.Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
    }

    private static double IdleMs()
    {
        var fields = (Read("/proc/stat") ?? "").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 6 ? 0 : (double.Parse(fields[4], CultureInfo.InvariantCulture) + double.Parse(fields[5], CultureInfo.InvariantCulture)) * TickMs;
    }

    /// <summary>Kilobytes; 0 when the process is gone.</summary>
    private static double Field(string file, string name)
    {
        var line = (Read(file) ?? "").Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryWrite(string file, string text)
    {
        try
        {
            File.WriteAllText(file, text);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // Then the peak includes the start.
        }
    }
}
