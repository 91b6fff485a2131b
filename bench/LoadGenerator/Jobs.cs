using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Eco2.Contracts.Jobs;

namespace Eco2.LoadGenerator;

/// <summary>Makes jobs and their events without a scan, as services do it: through the HTTP API of the sidecars of two apps.</summary>
/// <param name="worker">Sidecar of an app that may write jobs and publish what happens to them.</param>
/// <param name="router">Sidecar of the app that tells the news to all replicas.</param>
/// <param name="token">DAPR_API_TOKEN.</param>
internal sealed class Jobs(Uri worker, Uri router, string token, TimeProvider clock) : IDisposable
{
    private const int PerCall = 200;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null });

    /// <summary>Accepted jobs that nobody works on.</summary>
    public async Task CreateAsync(IReadOnlyList<JobRecord> jobs, CancellationToken ct)
    {
        foreach (var part in jobs.Chunk(PerCall))
        {
            await PostAsync(worker, $"/v1.0/state/{JobDocument.Store}", part.Select(Document).ToList(), JobsJson.Default.ListSavedJob, ct);
        }
    }

    /// <summary>One event of one job, as the worker publishes it.</summary>
    public Task PublishAsync(JobEventBatch batch, CancellationToken ct) =>
        PostAsync(worker, $"/v1.0/publish/{Messaging.PubSub}/{JobEventBatch.Topic}", batch, JobsJson.Default.JobEventBatch, ct);

    /// <summary>Events of many jobs in one call.</summary>
    public Task PublishAsync(IEnumerable<JobEventBatch> batches, CancellationToken ct) => PostAsync(
        worker,
        $"/v1.0/publish/bulk/{Messaging.PubSub}/{JobEventBatch.Topic}",
        batches.Select((batch, n) => new BulkEntry<JobEventBatch>($"{n}", batch, "application/json")).ToList(),
        JobsJson.Default.ListBulkEntryJobEventBatch,
        ct);

    /// <summary>News of many jobs in one call, past the log.</summary>
    public Task TellAsync(IEnumerable<JobFanout> news, CancellationToken ct) => PostAsync(
        router,
        $"/v1.0/publish/bulk/{JobFanout.PubSub}/{JobFanout.Topic}",
        news.Select((one, n) => new BulkEntry<JobFanout>($"{n}", one, "application/json")).ToList(),
        JobsJson.Default.ListBulkEntryJobFanout,
        ct);

    public void Dispose() => http.Dispose();

    private SavedJob Document(JobRecord job)
    {
        var now = clock.GetUtcNow();
        var queued = new JobEvent(JobEvent.IdOf(job.JobId, "queued", "started"), 1, "queued", "started", 0, now);
        var document = new JobDocument(job.JobId, job.Account.UserId, "scan", "queued", "queued", 0, now, now, null, [queued]);
        return new SavedJob(JobDocument.KeyOf(job.JobId), document, new Dictionary<string, string> { ["ttlInSeconds"] = "3600" });
    }

    private async Task PostAsync<T>(Uri sidecar, string path, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(sidecar, path)) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)) };
        request.Content.Headers.ContentType = Json;
        request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        using var response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"POST {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(ct)}");
        }
    }
}

internal sealed record SavedJob(string Key, JobDocument Value, Dictionary<string, string> Metadata);

internal sealed record BulkEntry<T>([property: JsonPropertyName("entryId")] string EntryId, T Event, [property: JsonPropertyName("contentType")] string ContentType);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<SavedJob>))]
[JsonSerializable(typeof(JobEventBatch))]
[JsonSerializable(typeof(List<BulkEntry<JobEventBatch>>))]
[JsonSerializable(typeof(List<BulkEntry<JobFanout>>))]
internal sealed partial class JobsJson : JsonSerializerContext;
