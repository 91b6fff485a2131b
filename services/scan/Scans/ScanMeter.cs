using System.Diagnostics.Metrics;

namespace Eco2.Scan.Scans;

/// <summary>What came in at the door.</summary>
internal sealed class ScanMeter
{
    internal const string Name = "eco2.scan";
    private readonly Counter<long> accepted;
    private readonly Counter<long> refused;

    public ScanMeter(IMeterFactory meters, InFlight inFlight)
    {
        var meter = meters.Create(Name);
        accepted = meter.CreateCounter<long>("eco2.jobs.accepted", "{job}", "Submissions answered with 202");
        refused = meter.CreateCounter<long>("eco2.jobs.refused", "{job}", "Submissions refused, by why: user_full, system_full, other");
        meter.CreateObservableGauge("eco2.jobs.in_flight", () => inFlight.Running, "{job}", "Scans accepted and not ended");
        meter.CreateObservableGauge("eco2.jobs.queue_age", () => inFlight.OldestAge.TotalSeconds, "s", "Age of the oldest scan that was accepted and has not ended");
        meter.CreateObservableGauge("eco2.outbox.unsent", () => inFlight.Unsent, "{message}", "Messages that wait for the broker");
    }

    internal void Accepted(string model) => accepted.Add(1, new KeyValuePair<string, object?>("kind", "scan"), new("model", model));

    internal void Refused(string reason) => refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
