namespace Eco2.LoadGenerator;

/// <summary>One accepted scan as its user lived it; times in milliseconds, moments as timestamps of the clock.</summary>
internal readonly record struct ScanSample(long Number, long SubmittedAt, long FinishedAt, double SubmitMs, double FirstEventMs, double EndToEndMs, bool Done);

/// <summary>One attempt to submit.</summary>
internal readonly record struct SubmitSample(long At, int Status, double Ms);

/// <summary>What users lived through; written by all, read at the end.</summary>
internal sealed class Samples
{
    private readonly Lock gate = new();
    private readonly List<ScanSample> scans = new(1 << 16);
    private readonly List<SubmitSample> submits = new(1 << 16);
    private int inFlight;
    private int gaveUp;

    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Users whose submit or stream did not come through within the client's patience.</summary>
    public int GaveUp => Volatile.Read(ref gaveUp);

    public void Begin() => Interlocked.Increment(ref inFlight);

    public void End() => Interlocked.Decrement(ref inFlight);

    public void GiveUp() => Interlocked.Increment(ref gaveUp);

    public void Add(in ScanSample scan)
    {
        lock (gate)
        {
            scans.Add(scan);
        }
    }

    public void Add(in SubmitSample submit)
    {
        lock (gate)
        {
            submits.Add(submit);
        }
    }

    public (int Submits, int Accepted, int Refused, int Finished) Counts()
    {
        lock (gate)
        {
            var (accepted, refused) = (0, 0);
            foreach (var submit in submits)
            {
                accepted += submit.Status == 202 ? 1 : 0;
                refused += submit.Status is 429 or 503 ? 1 : 0;
            }

            return (submits.Count, accepted, refused, scans.Count);
        }
    }

    public (ScanSample[] Scans, SubmitSample[] Submits) All()
    {
        lock (gate)
        {
            return ([.. scans], [.. submits]);
        }
    }
}
