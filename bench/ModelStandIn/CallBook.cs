using System.Collections.Concurrent;

namespace Eco2.ModelStandIn;

/// <summary>Counts calls and keeps, per job, how long its models thought.</summary>
internal sealed class CallBook
{
    private readonly ConcurrentDictionary<long, JobTime> jobs = new();
    private long vision;
    private long answer;
    private long errors;
    private long rateLimited;
    private long garbage;
    private long halfBodies;
    private long hangs;
    private long left;
    private long visionMicroseconds;
    private long answerMicroseconds;

    /// <param name="VisionMs">All vision calls of the job together.</param>
    /// <param name="AnswerMs">All wording calls of the job together.</param>
    /// <param name="Calls">How many; two when nothing went wrong.</param>
    public readonly record struct JobTime(double VisionMs, double AnswerMs, int Calls);

    public void Add(in ChatRequest call, Fate fate, TimeSpan thought, bool leftEarly)
    {
        Interlocked.Increment(ref (call.IsVision ? ref vision : ref answer));
        Interlocked.Add(ref (call.IsVision ? ref visionMicroseconds : ref answerMicroseconds), (long)thought.TotalMicroseconds);
        if (leftEarly)
        {
            Interlocked.Increment(ref left);
        }

        Count(fate);
        if (call.Job != 0)
        {
            var (forVision, forAnswer) = call.IsVision ? (thought.TotalMilliseconds, 0.0) : (0.0, thought.TotalMilliseconds);
            jobs.AddOrUpdate(
                call.Job,
                static (_, more) => new JobTime(more.forVision, more.forAnswer, 1),
                static (_, before, more) => new JobTime(before.VisionMs + more.forVision, before.AnswerMs + more.forAnswer, before.Calls + 1),
                (forVision, forAnswer));
        }
    }

    public Stats Snapshot() => new(
        vision, answer, errors, rateLimited, garbage, halfBodies, hangs, left,
        vision == 0 ? 0 : visionMicroseconds / 1000.0 / vision,
        answer == 0 ? 0 : answerMicroseconds / 1000.0 / answer);

    public IEnumerable<KeyValuePair<long, JobTime>> Jobs() => jobs;

    public void Clear()
    {
        jobs.Clear();
        vision = answer = errors = rateLimited = garbage = halfBodies = hangs = left = visionMicroseconds = answerMicroseconds = 0;
    }

    private void Count(Fate fate)
    {
        switch (fate)
        {
            case Fate.Error:
                Interlocked.Increment(ref errors);
                break;
            case Fate.RateLimited:
                Interlocked.Increment(ref rateLimited);
                break;
            case Fate.Garbage:
                Interlocked.Increment(ref garbage);
                break;
            case Fate.HalfBody:
                Interlocked.Increment(ref halfBodies);
                break;
            case Fate.Hang:
                Interlocked.Increment(ref hangs);
                break;
        }
    }
}

/// <summary>Answer of <c>GET /control/stats</c>: calls since the last <c>DELETE /control/stats</c>, and the mean time each kind took.</summary>
internal sealed record Stats(
    long VisionCalls,
    long AnswerCalls,
    long Errors,
    long RateLimited,
    long Garbage,
    long HalfBodies,
    long Hangs,
    long CallersLeft,
    double VisionMeanMs,
    double AnswerMeanMs);
