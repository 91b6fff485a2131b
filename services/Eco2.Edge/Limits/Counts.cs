using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.Edge.Limits;

/// <summary>What one caller was given, as all replicas see it: for each limit a step and what counts in it and in those before,
/// <c>{"reads/60": [29234891, 60, 0, 12]}</c>. The first step lies as far ahead as slices may be spent: slices under way count there, what was spent
/// in the step it was spent in.</summary>
internal sealed class Counts
{
    private readonly Dictionary<string, long[]> taken;

    private Counts(Dictionary<string, long[]> taken) => this.taken = taken;

    public static Counts Empty => new(new Dictionary<string, long[]>(StringComparer.Ordinal));

    /// <summary>What cannot be read was written by nobody we know, and counts nothing.</summary>
    public static Counts Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var read = json.IsEmpty ? null : JsonSerializer.Deserialize(json, CountsJson.Default.DictionaryStringInt64Array);
            return read is null || read.Values.Any(row => row is not { Length: > 2 }) ? Empty : new Counts(read);
        }
        catch (JsonException)
        {
            return Empty;
        }
    }

    /// <summary>What still counts, and for how many seconds any of it does.</summary>
    public (byte[] Json, int Seconds) Write(DateTimeOffset now)
    {
        var seconds = 1;
        foreach (var (entry, row) in taken)
        {
            // The name says how long the window is: the limits of today need not be those of the one who wrote it.
            var window = SecondsOf(entry);
            var length = TimeSpan.FromSeconds(window);
            var bucket = window / Window.BucketsOf(length);
            var ends = ((row[0] + 1) * bucket) + window - (now.UtcTicks / (double)TimeSpan.TicksPerSecond);
            if (ends <= 0)
            {
                taken.Remove(entry);
            }

            seconds = Math.Max(seconds, (int)Math.Min(ends + 1, window + ((Window.AheadOf(length) + 2) * bucket)));
        }

        return (JsonSerializer.SerializeToUtf8Bytes(taken, CountsJson.Default.DictionaryStringInt64Array), seconds);
    }

    /// <summary>Brings a limit to this step and says which step it is at: another replica's clock may be ahead.</summary>
    public long Advance(string entry, Window window, long bucket)
    {
        var length = 1 + window.Ahead + 1 + window.Buckets;
        if (!taken.TryGetValue(entry, out var row) || row.Length != length)
        {
            row = new long[length];
            row[0] = bucket + window.Ahead;
            taken[entry] = row;
        }

        var by = bucket + window.Ahead - row[0];
        if (by > 0)
        {
            var steps = row.AsSpan(1);
            if (by >= steps.Length)
            {
                steps.Clear();
            }
            else
            {
                steps[..^(int)by].CopyTo(steps[(int)by..]);
                steps[..(int)by].Clear();
            }

            row[0] += by;
        }

        return row[0] - window.Ahead;
    }

    /// <summary>Everything taken that still counts.</summary>
    public long Sum(string entry)
    {
        long sum = 0;
        foreach (var count in taken[entry].AsSpan(1))
        {
            sum += count;
        }

        return sum;
    }

    /// <summary>Takes (or, below zero, gives back) in a step; one that no longer counts is left alone.</summary>
    public void Add(string entry, long bucket, long count)
    {
        var row = taken[entry];
        var ago = row[0] - bucket;
        if (ago >= 0 && ago < row.Length - 1)
        {
            row[1 + ago] = Math.Max(0, row[1 + ago] + count);
        }
    }

    private static double SecondsOf(string entry)
    {
        var from = entry.IndexOf('/', StringComparison.Ordinal) + 1;
        var to = entry.IndexOf(':', from);
        return double.TryParse(entry.AsSpan(from..(to < 0 ? entry.Length : to)), System.Globalization.CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
    }

    /// <summary>The oldest step in which something was taken; null: nothing counts.</summary>
    public long? Oldest(string entry)
    {
        var row = taken[entry];
        for (var ago = row.Length - 2; ago >= 0; ago--)
        {
            if (row[1 + ago] > 0)
            {
                return row[0] - ago;
            }
        }

        return null;
    }
}

[JsonSerializable(typeof(Dictionary<string, long[]>))]
internal sealed partial class CountsJson : JsonSerializerContext;
