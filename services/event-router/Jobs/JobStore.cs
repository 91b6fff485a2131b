using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Eco2.EventRouter.Jobs;

/// <summary>Job documents and chunks in the state store, many at a time. It asks for nothing but single keys with ETags, so every store that
/// has those will do; a transaction would be tied to one partition on some stores, and on Redis it would not be rolled back.</summary>
internal sealed partial class JobStore(
    DaprClient dapr,
    ChunkTrimmer trimmer,
    WireJson json,
    IOptions<EventRouterOptions> options,
    ILogger<JobStore> logger)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private readonly EventRouterOptions limits = options.Value;

    /// <param name="Document">Null when there is none.</param>
    /// <param name="ETag">Its version.</param>
    /// <param name="Unreadable">Why it is no job document, else null.</param>
    internal readonly record struct Entry(JobDocument? Document, string ETag, string? Unreadable);

    /// <exception cref="DaprException">The store cannot be read now.</exception>
    internal async Task<Dictionary<Guid, Entry>> ReadAsync(IReadOnlyList<Guid> jobIds)
    {
        var items = (await dapr.GetBulkStateAsync(JobDocument.Store, [.. jobIds.Select(JobDocument.KeyOf)], parallelism: null)).ToDictionary(item => item.Key);
        var entries = new Dictionary<Guid, Entry>(jobIds.Count);
        foreach (var id in jobIds)
        {
            entries[id] = items.TryGetValue(JobDocument.KeyOf(id), out var item) && item.Value.Length > 0
                ? Read(id, item.Value, item.ETag)
                : await ReadAloneAsync(id);
        }

        return entries;
    }

    // In a bulk read a key that is not there and one that could not be read look alike. Only the first may be forgotten.
    private async Task<Entry> ReadAloneAsync(Guid jobId)
    {
        var (bytes, etag) = await dapr.GetByteStateAndETagAsync(JobDocument.Store, JobDocument.KeyOf(jobId));
        return bytes.IsEmpty ? default : Read(jobId, Encoding.UTF8.GetString(bytes.Span), etag);
    }

    /// <summary>First the chunks, then the documents that count them. False when any could not be saved; which, only a new read tells.</summary>
    internal async Task<bool> TrySaveAsync(IReadOnlyList<(JobLog.Outcome Outcome, string ETag)> jobs, DateTimeOffset now)
    {
        if (jobs.Count == 0)
        {
            return true;
        }

        try
        {
            SaveStateItem<JobChunk>[] chunks = [.. jobs.Where(j => j.Outcome.Sealed is not null).Select(j => Chunk(j.Outcome, now))];
            if (chunks.Length > 0)
            {
                await dapr.SaveBulkStateAsync(JobDocument.Store, chunks);
            }

            await dapr.SaveBulkStateAsync(JobDocument.Store, [.. jobs.Select(j => Document(j.Outcome.Document, j.ETag, now))]);
        }
        catch (DaprException e)
        {
            NotSaved(logger, jobs.Count, e.InnerException?.Message ?? e.Message);
            return false;
        }

        foreach (var (outcome, _) in jobs)
        {
            if (outcome.Document is { Chunks: > 0 } job && job.IsFinished())
            {
                trimmer.Trim(job);
            }
        }

        return true;
    }

    private Entry Read(Guid jobId, string text, string etag)
    {
        try
        {
            return new Entry(JsonSerializer.Deserialize<JobDocument>(text, json.Options), etag, null);
        }
        catch (JsonException e)
        {
            return new Entry(null, etag, $"{jobId:D}: {e.Message}");
        }
    }

    private SaveStateItem<JobDocument> Document(JobDocument job, string etag, DateTimeOffset now) =>
        new(JobDocument.KeyOf(job.JobId), job, etag, FirstWrite, TtlOf(job.IsFinished() ? limits.FinishedLifetime : RunningLifetime(job, now)));

    // A chunk is written once, so it must last as long as any document that may yet count it. Therefore a job has an end, however slowly it
    // moves: a running document lasts until End + FinishedLifetime at most, and the last event can add one FinishedLifetime to that.
    private SaveStateItem<JobChunk> Chunk(JobLog.Outcome outcome, DateTimeOffset now)
    {
        var left = End(outcome.Document) + (2 * limits.FinishedLifetime) - now;
        var lifetime = left > limits.FinishedLifetime ? left : limits.FinishedLifetime;
        return new(JobChunk.KeyOf(outcome.Document.JobId, outcome.Document.Chunks), outcome.Sealed!, "", null, TtlOf(lifetime));
    }

    private TimeSpan RunningLifetime(JobDocument job, DateTimeOffset now)
    {
        var left = End(job) + limits.FinishedLifetime - now;
        return left > limits.RunningLifetime ? limits.RunningLifetime : left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(1);
    }

    private DateTimeOffset End(JobDocument job) => job.CreatedAt + limits.LongestRun;

    internal static Dictionary<string, string> TtlOf(TimeSpan lifetime) => new()
    {
        ["ttlInSeconds"] = ((int)Math.Ceiling(lifetime.TotalSeconds)).ToString(CultureInfo.InvariantCulture),
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "Of {Count} jobs not all could be saved and are read again: {Why}")]
    private static partial void NotSaved(ILogger logger, int count, string why);
}
