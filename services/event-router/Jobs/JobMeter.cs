using System.Diagnostics.Metrics;
using Eco2.Contracts.Jobs;

namespace Eco2.EventRouter.Jobs;

/// <summary>What happens to jobs, as their logs tell it. Only what is new in a log counts, so a repeated message counts once.</summary>
internal sealed class JobMeter
{
    internal const string Name = "eco2.jobs";
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 60, 120, 180] };
    private readonly Counter<long> finished;
    private readonly Histogram<double> stages;
    private readonly Histogram<double> total;
    private readonly Counter<long> outOfTurn;

    public JobMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        finished = meter.CreateCounter<long>("eco2.jobs.finished", "{job}", "Jobs that ended, by how");
        stages = meter.CreateHistogram("eco2.jobs.stage.duration", "s", "From the start of a stage to its end", advice: Seconds);
        total = meter.CreateHistogram("eco2.jobs.duration", "s", "From acceptance to the end", advice: Seconds);
        outOfTurn = meter.CreateCounter<long>("eco2.jobs.gaps", "{event}", "Events taken although the one before them never came");
    }

    internal void Record(JobDocument job, IReadOnlyList<JobEvent> added, int gaps)
    {
        if (gaps > 0)
        {
            outOfTurn.Add(gaps);
        }

        foreach (var news in added)
        {
            if (news.IsTerminal())
            {
                finished.Add(
                    1,
                    new KeyValuePair<string, object?>("kind", job.Kind),
                    new("status", news.Stage),
                    new("stage", news.Error?.Stage),
                    new("reason", news.Error?.Code));
                total.Record((news.Ts - job.CreatedAt).TotalSeconds, new KeyValuePair<string, object?>("kind", job.Kind), new("status", news.Stage));
            }
            else if (news.Status is "completed" or "failed" && job.Events.FirstOrDefault(e => e.Stage == news.Stage && e.Status == "started") is { } start)
            {
                stages.Record(
                    (news.Ts - start.Ts).TotalSeconds,
                    new KeyValuePair<string, object?>("kind", job.Kind),
                    new("stage", news.Stage),
                    new("status", news.Status));
            }
        }
    }
}
