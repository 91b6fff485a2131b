namespace Eco2.Cli.Observe;

/// <summary>The latest jobs as their traces tell of them: the app that accepts one names it in its span, the event router tells each new entry of its log.</summary>
internal sealed class JobBoard(int most = 1_000)
{
    private readonly Dictionary<string, Job> jobs = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Lock gate = new();

    public void Take(Span span)
    {
        if (!span.Tags.TryGetValue("eco2.job.id", out var id))
        {
            return;
        }

        lock (gate)
        {
            if (!jobs.TryGetValue(id, out var job))
            {
                job = new Job(id, span.Start);
                jobs.Add(id, job);
                order.Enqueue(id);
                if (order.Count > most)
                {
                    jobs.Remove(order.Dequeue());
                }
            }

            job.Take(span);
        }
    }

    /// <summary>Those that run, and the last that ended; newest first.</summary>
    public (IReadOnlyList<JobLine> Running, IReadOnlyList<JobLine> Ended) Lines(int count)
    {
        lock (gate)
        {
            var lines = jobs.Values.Select(job => job.Line()).ToList();
            return ([.. lines.Where(line => line.Ended is null).OrderByDescending(line => line.Accepted).Take(count)],
                [.. lines.Where(line => line.Ended is not null).OrderByDescending(line => line.Ended).Take(count)]);
        }
    }

    /// <summary>How long the stages of the jobs at hand took, in the order in which they come; <c>all</c> is the whole job.</summary>
    public IReadOnlyList<StageLine> Stages()
    {
        lock (gate)
        {
            return
            [
                .. jobs.Values.SelectMany(job => job.Stages())
                    .GroupBy(stage => stage.Name, StringComparer.Ordinal)
                    .Select(group => Summary(group.Key, [.. group.Select(stage => stage.Ms).Order()], group.Average(stage => stage.After)))
                    .OrderBy(line => line.After),
            ];
        }
    }

    private static StageLine Summary(string name, double[] sorted, double after) =>
        new(name, sorted.Length, Rank(sorted, 0.5), Rank(sorted, 0.95), sorted[^1], after);

    // Nearest rank: a time that was really measured.
    private static double Rank(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    private sealed class Job(string id, double firstSeen)
    {
        private readonly Dictionary<(string Stage, string Status), JobNews> news = [];
        private double accepted = firstSeen;
        private string kind = "?";
        private string traceId = "";

        // After every stage.
        private const double Last = 1e12;

        public void Take(Span span)
        {
            kind = span.Tags.GetValueOrDefault("eco2.job.kind", kind);
            traceId = span.TraceId;
            accepted = Math.Min(accepted, span.Start);
            foreach (var one in span.News)
            {
                news.TryAdd((one.Stage, one.Status), one);
            }
        }

        public JobLine Line()
        {
            var end = End();
            var latest = end ?? news.Values.Where(one => one.Stage != "queued").MaxBy(one => (one.At, one.Status == "started"));
            var status = end?.Stage switch { "done" => "succeeded", { } other => other, null => latest is null ? "queued" : "running" };
            return new JobLine(id, kind, status, latest?.Stage ?? "queued", end?.Code, accepted, end?.At, traceId);
        }

        public IEnumerable<(string Name, double Ms, double After)> Stages()
        {
            foreach (var (key, one) in news)
            {
                if (key.Status is "completed" or "failed" && news.TryGetValue((key.Stage, "started"), out var start))
                {
                    yield return (key.Stage, one.At - start.At, start.At - accepted);
                }
            }

            if (End() is { } end)
            {
                yield return ("all", end.At - accepted, Last);
            }
        }

        private JobNews? End() => news.Values.FirstOrDefault(one => one.Stage is "done" or "failed" or "cancelled");
    }
}

/// <summary>A job in a list; times in milliseconds since 1970.</summary>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
internal sealed record JobLine(string Id, string Kind, string Status, string Stage, string? Code, double Accepted, double? Ended, string TraceId);

/// <summary>How long a stage took, in milliseconds.</summary>
/// <param name="After">When it began, on average, after the job was accepted.</param>
internal sealed record StageLine(string Name, int Count, double P50, double P95, double Max, double After);
