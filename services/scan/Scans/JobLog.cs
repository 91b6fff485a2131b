using System.Globalization;
using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Microsoft.Extensions.Options;

namespace Eco2.Scan.Scans;

/// <summary>The log of a job as it stands before anything has happened, and the words that came with the job.</summary>
internal sealed class JobLog(DaprClient dapr, IOptions<ScanOptions> options)
{
    internal Task BeginAsync(Guid jobId, Guid userId, string? words, DateTimeOffset now, CancellationToken ct)
    {
        var expected = JsonSerializer.SerializeToElement(new Dictionary<string, int> { ["estimated_seconds"] = options.Value.EstimatedSeconds });
        var queued = new JobEvent(JobEvent.IdOf(jobId, "queued", "started"), 1, "queued", "started", 0, now, Result: expected);
        var job = new JobDocument(jobId, userId, ScanRequested.Kind, "queued", "queued", 0, now, now, null, [queued]);
        var metadata = new Dictionary<string, string>
        {
            ["ttlInSeconds"] = ((int)options.Value.JobLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        };
        System.Diagnostics.Activity.Current?.SetTag("eco2.job.id", jobId.ToString("D")).SetTag("eco2.job.kind", job.Kind);
        var saved = dapr.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(jobId), job, metadata: metadata, cancellationToken: ct);
        // Beside it, not in it: every event writes the document anew. At the same time, so it takes no longer.
        return words is null ? saved : Task.WhenAll(
            saved,
            dapr.SaveStateAsync(JobDocument.Store, ScanWords.KeyOf(jobId), new ScanWords(userId, words), metadata: metadata, cancellationToken: ct));
    }

    /// <summary>Takes back what <see cref="BeginAsync"/> wrote for a job that was not accepted in the end.</summary>
    internal async Task RemoveAsync(Guid jobId, string? words, CancellationToken ct)
    {
        await dapr.DeleteStateAsync(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);
        if (words is not null)
        {
            await dapr.DeleteStateAsync(JobDocument.Store, ScanWords.KeyOf(jobId), cancellationToken: ct);
        }
    }
}
