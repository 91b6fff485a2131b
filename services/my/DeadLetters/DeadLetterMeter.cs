using System.Diagnostics.Metrics;

namespace Eco2.My.DeadLetters;

/// <summary>What nobody took.</summary>
internal sealed class DeadLetterMeter
{
    internal const string Name = "eco2.dead_letters";
    private readonly Counter<long> kept;
    private readonly Counter<long> replayed;

    public DeadLetterMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        kept = meter.CreateCounter<long>("eco2.dead_letters.kept", "{letter}", "Messages that came to the dead letters, also again");
        replayed = meter.CreateCounter<long>("eco2.dead_letters.replayed", "{letter}", "Dead letters published again by the schedule");
    }

    internal void Kept(string topic, bool exhausted) => kept.Add(1, new KeyValuePair<string, object?>("topic", topic), new("exhausted", exhausted));

    internal void Replayed(int count) => replayed.Add(count);
}
