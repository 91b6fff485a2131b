namespace Eco2.Worker.Models;

/// <summary>Who is there, as the state store keeps it: a number per replica that grows while the replica lives.</summary>
internal sealed record RollDocument(IReadOnlyDictionary<string, long> Beats);

/// <summary>Counts the living replicas. Nobody's clock is compared with another's: a replica is gone when its number has not changed for a while
/// by the clock of whoever looks.</summary>
internal sealed class ReplicaRoll(string self, TimeSpan patience, TimeProvider clock)
{
    private readonly Dictionary<string, (long Beat, long ChangedAt)> seen = [];
    private long beat;

    internal int Living { get; private set; } = 1;

    /// <summary>Reads who is there and says what to write: the living, and this replica's next number.</summary>
    internal RollDocument Next(RollDocument? read)
    {
        var now = clock.GetTimestamp();
        var beats = new Dictionary<string, long> { [self] = ++beat };
        foreach (var (name, number) in read?.Beats ?? new Dictionary<string, long>())
        {
            if (name == self)
            {
                continue;
            }

            if (!seen.TryGetValue(name, out var known) || known.Beat != number)
            {
                seen[name] = known = (number, now);
            }

            if (clock.GetElapsedTime(known.ChangedAt, now) < patience)
            {
                beats[name] = number;
            }
        }

        foreach (var gone in seen.Keys.Where(name => !beats.ContainsKey(name)).ToList())
        {
            seen.Remove(gone);
        }

        Living = beats.Count;
        return new RollDocument(beats);
    }
}
