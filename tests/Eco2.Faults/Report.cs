using System.Globalization;
using System.Text;
using Eco2.LoadGenerator;
using Eco2.Testing;

namespace Eco2.Faults;

/// <summary>What was struck and how long it took until the system worked again; printed as it happens and kept as a table.</summary>
internal sealed class Report
{
    private readonly StringBuilder table = new();

    public Report(FaultPlan plan)
    {
        Directory.CreateDirectory(Reports);
        Line($"Faults, {(plan.IsLong ? "long" : "short")} form, {plan.People} jobs in flight, seed {plan.Seed} (again with ECO2_FAULTS_SEED={plan.Seed}).");
        Line("");
        Line("| fault | lasted s | then first accepted and done s | jobs in flight | failed meanwhile |");
        Line("| --- | --- | --- | --- | --- |");
    }

    private static readonly string Reports = Path.Combine(Checkout.Root, "artifacts", "test-reports");

    public void Struck(string fault, TimeSpan lasted, TimeSpan recovery, int inFlight, int failed) =>
        Line(string.Create(CultureInfo.InvariantCulture, $"| {fault} | {lasted.TotalSeconds:0.0} | {recovery.TotalSeconds:0.0} | {inFlight} | {failed} |"));

    public void Settled(LedgerReport report)
    {
        Line("");
        Line($"{report.Accepted} accepted: {report.Done} done, {report.Failed} failed ({string.Join(", ", report.FailureCodes.Select(code => $"{code.Key} {code.Value}"))}), "
            + $"{report.Cancelled} cancelled, {report.Lost} lost; {report.Reconnects} reconnects; {report.Granted} rewards; {report.Violations.Count} broken promises.");
        foreach (var violation in report.Violations.Take(50))
        {
            Line($"BROKEN {violation.Rule}: {violation.JobId:D}: {violation.What}");
        }
    }

    /// <summary>The logs of the run, for whoever asks why.</summary>
    public static void Keep(EcoRun run)
    {
        var logs = Path.Combine(Reports, "Eco2.Faults.logs");
        if (Directory.Exists(logs))
        {
            Directory.Delete(logs, recursive: true);
        }

        Directory.CreateDirectory(logs);
        foreach (var log in Directory.Exists(Path.Combine(run.State, "logs")) ? Directory.GetFiles(Path.Combine(run.State, "logs")) : [])
        {
            File.Copy(log, Path.Combine(logs, Path.GetFileName(log)));
        }

        File.WriteAllText(Path.Combine(logs, "up.log"), run.Output);
    }

    private void Line(string line)
    {
        Console.WriteLine(line);
        table.AppendLine(line);
        File.WriteAllText(Path.Combine(Reports, "Eco2.Faults.md"), table.ToString());
    }
}
