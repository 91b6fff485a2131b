using System.Net;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;

namespace Eco2.SseGateway.Jobs;

/// <summary>Finds a job for its owner: in the log while it lives, after that in the history of the service that accepted it.</summary>
internal sealed partial class JobLookup(DaprClient dapr, WireJson json, ILogger<JobLookup> logger)
{
    private const int ChunksPerCall = 32;

    private readonly HttpClient scan = dapr.CreateInvokableHttpClient("scan");

    /// <summary>The document: how the job stands, and the end of its log; null when it has expired or never was.</summary>
    internal Task<JobDocument?> ReadAsync(Guid jobId, CancellationToken ct) =>
        dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);

    /// <summary>The document and the words that came with the job, in one call. Words that are not found now may be found later.</summary>
    internal async Task<(JobDocument? Job, ScanWords? Words)> ReadWithWordsAsync(Guid jobId, CancellationToken ct)
    {
        string[] keys = [JobDocument.KeyOf(jobId), ScanWords.KeyOf(jobId)];
        var items = await dapr.GetBulkStateAsync<JsonElement?>(JobDocument.Store, keys, parallelism: null, cancellationToken: ct);
        var found = items.ToDictionary(item => item.Key, item => item.Value);
        // In a bulk read a key that is not there and one that could not be read look alike; alone, the second throws.
        return (Read<JobDocument>(keys[0]) ?? await ReadAsync(jobId, ct), Read<ScanWords>(keys[1]));

        T? Read<T>(string key) => found.GetValueOrDefault(key) is { } value ? value.Deserialize<T>(dapr.JsonSerializerOptions) : default;
    }

    /// <summary>The log after <paramref name="seq"/>, read from its end backwards; for a stream that follows, the document has it all.
    /// Null when a part of it is not kept any more.</summary>
    internal async Task<IReadOnlyList<JobEvent>?> ReadAfterAsync(JobDocument job, int seq, CancellationToken ct)
    {
        var (events, left) = (job.Events, job.Chunks);
        while (left > 0 && events[0].Seq > seq + 1)
        {
            var count = Math.Min(left, ChunksPerCall);
            string[] keys = [.. Enumerable.Range(left - count + 1, count).Select(number => JobChunk.KeyOf(job.JobId, number))];
            var found = await dapr.GetBulkStateAsync<JobChunk?>(JobDocument.Store, keys, parallelism: null, cancellationToken: ct);
            var chunks = found.ToDictionary(item => item.Key, item => item.Value);
            var earlier = new List<JobEvent>();
            foreach (var key in keys)
            {
                // In a bulk read a key that is not there and one that could not be read look alike; alone, the second throws.
                if ((chunks.GetValueOrDefault(key) ?? await dapr.GetStateAsync<JobChunk?>(JobDocument.Store, key, cancellationToken: ct)) is not { } chunk)
                {
                    return null;
                }

                earlier.AddRange(chunk.Events);
            }

            events = [.. earlier, .. events];
            left -= count;
        }

        return events;
    }

    /// <summary><paramref name="result"/> for its owner: with the words in it that no message carries. While they cannot be read it stays without.</summary>
    internal async ValueTask<JsonElement?> WithWordsAsync(Guid jobId, JsonElement? result, CancellationToken ct)
    {
        if (result is not { } document || !ScanWords.AreMissingIn(document))
        {
            return result;
        }

        try
        {
            var words = await dapr.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(jobId), cancellationToken: ct);
            return words is null ? result : ScanWords.PutInto(document, words.Text);
        }
        catch (DaprException e)
        {
            NoWords(logger, e, jobId);
            return result;
        }
    }

    /// <summary>What the history of <paramref name="userId"/> says about a job without a document.</summary>
    /// <exception cref="HttpRequestException">The history cannot be asked now.</exception>
    internal async Task<JobView?> RememberedAsync(Guid jobId, Guid userId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/internal/scans/{jobId:D}");
        request.Headers.Add(IdentityHeaders.UserId, userId.ToString("D"));
        using var response = await scan.SendAsync(request, ct);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync<JobView>(body, json.Options, ct);
    }

    internal static JobView View(JobDocument job)
    {
        var last = job.Events[^1];
        return new JobView(
            job.JobId,
            job.Kind,
            job.Status,
            job.Stage,
            job.Progress,
            last.Seq,
            job.IsFinished() ? last.Result : null,
            job.IsFinished() ? last.Error : null,
            job.CreatedAt,
            job.FinishedAt);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The words of job {JobId} cannot be read now; its result goes out without them")]
    private static partial void NoWords(ILogger logger, Exception exception, Guid jobId);
}
