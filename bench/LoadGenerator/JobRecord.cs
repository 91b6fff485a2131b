namespace Eco2.LoadGenerator;

/// <summary>A job that was answered with 202, and what its streams showed.</summary>
public sealed class JobRecord
{
    private readonly List<StreamRecord> streams = [];

    internal JobRecord(Guid jobId, Account account) => (JobId, Account) = (jobId, account);

    public Guid JobId { get; }

    public Account Account { get; }

    internal string StreamPath => $"/api/v1/scan/{JobId:D}/events";

    /// <summary>The streams opened so far. Each goes over as many connections as it takes.</summary>
    public IReadOnlyList<StreamRecord> Streams
    {
        get
        {
            lock (streams)
            {
                return [.. streams];
            }
        }
    }

    /// <summary>A further client that will see the job from its first event on.</summary>
    public StreamRecord OpenStream()
    {
        var stream = new StreamRecord(this);
        lock (streams)
        {
            streams.Add(stream);
        }

        return stream;
    }
}

/// <summary>What one client saw of a job, across all its connections.</summary>
public sealed class StreamRecord
{
    private readonly List<string> wrongs = [];

    internal StreamRecord(JobRecord job) => Job = job;

    public JobRecord Job { get; }

    /// <summary>The number of the newest event; it goes out as Last-Event-ID.</summary>
    public int LastSeq { get; private set; }

    /// <summary>done, failed or cancelled; null before.</summary>
    public string? Terminal { get; private set; }

    public int Reconnects { get; internal set; }

    /// <summary>Where it broke the rules: a gap, a repeat, something after the end.</summary>
    public IReadOnlyList<string> Wrongs => wrongs;

    internal void Take(Frame frame)
    {
        if (Terminal is not null)
        {
            wrongs.Add($"event {frame.Seq} {frame.Event} came after the terminal event {LastSeq} {Terminal}");
        }
        else if (frame.Seq != LastSeq + 1)
        {
            wrongs.Add($"event {frame.Seq} {frame.Event} came after event {LastSeq}");
        }

        // Even after a wrong one it goes on from there, so that one fault is not counted at every event.
        LastSeq = Math.Max(LastSeq, frame.Seq);
        if (frame.Event is "done" or "failed" or "cancelled")
        {
            Terminal ??= frame.Event;
        }
    }

    internal void EndedWithout(string why) => wrongs.Add($"the stream ended without a terminal event: {why}");
}
