using System.Diagnostics;
using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;

namespace Eco2.Worker.Scan;

/// <summary>Tells what happened to a scan. Ids come from job, stage and status alone, so whoever does a step again says the same again.</summary>
internal sealed class ScanEvents(GatheringPublisher<JobEventBatch> publisher, WireJson json, TimeProvider clock)
{
    /// <summary>A step awaits this before it ends, not before it works: the router puts what overtook each other in order by <paramref name="after"/>.</summary>
    internal Task PublishAsync(ScanRequested scan, string? after, params IReadOnlyList<JobEvent> events) =>
        PublishAsync(new JobEventBatch(scan.JobId, scan.UserId, ScanRequested.Kind, after, events));

    internal Task PublishAsync(JobEventBatch batch) => publisher.PublishAsync(batch, atOnce: batch.Events[^1].IsTerminal());

    internal JobEvent Started(ScanRequested scan, string stage) => Make(scan.JobId, stage, "started", ProgressAt(stage), null, null, null);

    internal JobEvent Completed<T>(ScanRequested scan, string stage, T? result, string? message = null) =>
        Make(scan.JobId, stage, "completed", ProgressAfter(stage), message, Element(result), null);

    internal JobEvent Skipped<T>(ScanRequested scan, string stage, T? result) =>
        Make(scan.JobId, stage, "skipped", ProgressAfter(stage), null, Element(result), null);

    /// <summary>Progress stays where it is: the router never lets it fall.</summary>
    internal JobEvent Failed<T>(Guid jobId, string stage, JobError error, T? result) =>
        Make(jobId, stage, "failed", 0, error.Message, Element(result), error);

    internal static string IdOf(ScanRequested scan, string stage, string status) => JobEvent.IdOf(scan.JobId, stage, status);

    private JobEvent Make(Guid jobId, string stage, string status, int progress, string? message, JsonElement? result, JobError? error) => new(
        JobEvent.IdOf(jobId, stage, status),
        0,
        stage,
        status,
        progress,
        clock.GetUtcNow(),
        message,
        result,
        error,
        Activity.Current?.TraceId.ToHexString());

    private JsonElement? Element<T>(T? value) => value is null ? null : JsonSerializer.SerializeToElement(value, json.Options);

    private static int ProgressAt(string stage) => stage switch
    {
        "vision" => 5,
        "rule" => 25,
        "answer" => 50,
        "reward" => 75,
        _ => 0,
    };

    private static int ProgressAfter(string stage) => stage switch
    {
        "vision" => 25,
        "rule" => 50,
        "answer" => 75,
        "reward" => 95,
        "done" => 100,
        _ => 0,
    };
}
