namespace Eco2.Edge.Limits;

/// <summary>What this replica has of one caller: for each limit a slice that it took from the store and spends by itself.</summary>
internal sealed class Ledger : IDisposable
{
    private readonly Dictionary<string, Slice> slices = new(StringComparer.Ordinal);

    /// <summary>One at a time asks the store.</summary>
    public SemaphoreSlim Asking { get; } = new(1);

    /// <summary>While the store is away the replica counts in these.</summary>
    public Counts? Alone { get; set; }

    public long LastUsed { get; set; }

    /// <param name="Window">The limit.</param>
    /// <param name="Bucket">The step it was taken in.</param>
    /// <param name="Left">Not spent yet.</param>
    /// <param name="Spent">What was spent, by steps from <paramref name="Bucket"/> on; the store hears of it with the next write.</param>
    /// <param name="Rest">What the counts had left after it was taken.</param>
    /// <param name="FreeAt">When the oldest that counts stops counting.</param>
    /// <param name="AskAgain">Nothing was left: until then nobody need ask.</param>
    /// <param name="Alone">Taken while the store was away: it never knew.</param>
    internal readonly record struct Slice(Window Window, long Bucket, long Left, long[] Spent, long Rest, DateTimeOffset FreeAt, DateTimeOffset AskAgain, bool Alone)
    {
        /// <summary>The last step it may be spent in. The store counts all of it there until it hears more, so it never counts for too short.</summary>
        public long Last => Bucket + Window.Ahead;

        public long Size => Left + Spent.Sum();

        public bool IsVoid(DateTimeOffset now) => Last < Window.BucketAt(now);

        public bool IsOver(DateTimeOffset now) => Left < 1 || IsVoid(now);

        public Slice Spend(DateTimeOffset now)
        {
            // The clock of a replica that is ahead may have named the step.
            Spent[Math.Max(0, Window.BucketAt(now) - Bucket)]++;
            return this with { Left = Left - 1 };
        }
    }

    /// <summary>Spends one of each, or nothing. Null: the store has to be asked.</summary>
    public Spent? TrySpend(IReadOnlyList<Charge> charges, DateTimeOffset now)
    {
        lock (slices)
        {
            foreach (var charge in charges)
            {
                if (!slices.TryGetValue(charge.Entry, out var slice) || slice.IsVoid(now))
                {
                    return null;
                }

                if (slice.Left < 1)
                {
                    return now < slice.AskAgain ? new Spent(Outcome.Refused, charge.Window.Count, 0, Seconds(slice.FreeAt - now)) : null;
                }
            }

            var tightest = default(Spent);
            foreach (var charge in charges)
            {
                var slice = slices[charge.Entry].Spend(now);
                slices[charge.Entry] = slice;
                var remaining = slice.Left + slice.Rest;
                if (tightest.Limit == 0 || remaining < tightest.Remaining)
                {
                    tightest = new Spent(Outcome.Admitted, charge.Window.Count, remaining, Seconds(slice.FreeAt - now));
                }
            }

            return tightest;
        }
    }

    /// <summary>Tells the counts what became of slices that are over, and takes new ones of what is asked for and of what was spent from a moment ago:
    /// one write does for all limits of a caller.</summary>
    /// <param name="counts">Of the store, or of this replica while it is alone.</param>
    /// <param name="charges">What is asked for.</param>
    /// <param name="alone">The store is away.</param>
    /// <param name="now">The time.</param>
    /// <returns>The new slices (null: one that is no more), and whether the counts changed.</returns>
    public (Dictionary<string, Slice?> Taken, bool Changed) Take(Counts counts, IReadOnlyList<Charge> charges, bool alone, DateTimeOffset now)
    {
        var taken = new Dictionary<string, Slice?>(StringComparer.Ordinal);
        var changed = false;
        lock (slices)
        {
            foreach (var (entry, slice) in slices)
            {
                if (!slice.IsOver(now) || now < slice.AskAgain || (alone && !slice.Alone))
                {
                    continue;
                }

                var current = counts.Advance(entry, slice.Window, slice.Window.BucketAt(now));
                changed |= slice.Alone == alone && Settle(counts, entry, slice);
                var lately = slice.Spent.AsSpan((int)Math.Clamp(current - 1 - slice.Bucket, 0, slice.Spent.Length)).ContainsAnyExcept(0);
                taken[entry] = lately ? Cut(counts, entry, slice.Window, alone, slice.Left < 1 ? slice.Size : 0, now, ref changed) : null;
            }

            foreach (var charge in charges)
            {
                if (taken.GetValueOrDefault(charge.Entry) is null && (!slices.TryGetValue(charge.Entry, out var has) || has.IsOver(now)))
                {
                    taken[charge.Entry] = Cut(counts, charge.Entry, charge.Window, alone, usedUp: 0, now, ref changed);
                }
            }
        }

        return (taken, changed);
    }

    /// <summary>After the counts are stored: from now on the new slices are spent.</summary>
    public void Use(Dictionary<string, Slice?> taken)
    {
        lock (slices)
        {
            foreach (var (entry, slice) in taken)
            {
                if (slice is { } one)
                {
                    slices[entry] = one;
                }
                else
                {
                    slices.Remove(entry);
                }
            }
        }
    }

    /// <summary>Nothing for a second.</summary>
    public static Slice Exhausted(Window window, DateTimeOffset now) =>
        new(window, window.BucketAt(now), 0, [], 0, now + TimeSpan.FromSeconds(1), now + TimeSpan.FromSeconds(1), Alone: false);

    public void Dispose() => Asking.Dispose();

    /// <summary>What was spent counts in the steps it was spent in, the rest nowhere.</summary>
    private static bool Settle(Counts counts, string entry, Slice slice)
    {
        counts.Add(entry, slice.Last, -slice.Size);
        for (var step = 0; step < slice.Spent.Length; step++)
        {
            counts.Add(entry, slice.Bucket + step, slice.Spent[step]);
        }

        return slice.Size > 0;
    }

    private static Slice Cut(Counts counts, string entry, Window window, bool alone, long usedUp, DateTimeOffset now, ref bool changed)
    {
        var bucket = counts.Advance(entry, window, window.BucketAt(now));
        var left = window.Count - counts.Sum(entry);
        // Whoever has used one up comes here and gets twice as much; what is held where the caller does not come is missing elsewhere.
        var size = left < 1 ? 0 : Math.Max(1, usedUp > 0 ? Math.Min(usedUp * 2, left * 2 / 5) : left / window.Slices);
        counts.Add(entry, bucket + window.Ahead, size);
        changed |= size > 0;
        var free = window.Start(Math.Min(counts.Oldest(entry) ?? bucket, bucket) + window.Buckets + 1);
        var soon = now + TimeSpan.FromSeconds(1);
        return new Slice(window, bucket, size, new long[window.Ahead + 1], left - size, free, size > 0 ? default : soon < free ? soon : free, alone);
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}

/// <summary>One limit that a request counts against.</summary>
/// <param name="Entry">Its name in the caller's counts.</param>
/// <param name="Window">The limit.</param>
internal readonly record struct Charge(string Entry, Window Window);

internal enum Outcome
{
    Admitted,
    Refused,

    /// <summary>It could not be counted, and the limit is one without which nothing passes.</summary>
    Uncounted,
}

/// <summary>What became of a request, and what the caller is told of the limit that is nearest.</summary>
/// <param name="Limit">Most requests in its window.</param>
/// <param name="Remaining">Of these.</param>
/// <param name="Reset">Seconds until some of those made stop counting.</param>
internal readonly record struct Spent(Outcome Outcome, long Limit, long Remaining, int Reset);
