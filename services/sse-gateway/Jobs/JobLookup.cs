using System.Net;
using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;

namespace Eco2.SseGateway.Jobs;

/// <summary>Finds a job for its owner: in the log while it lives, after that in the history of the service that accepted it.</summary>
internal sealed class JobLookup(DaprClient dapr, WireJson json)
{
    private readonly HttpClient scan = dapr.CreateInvokableHttpClient("scan");

    /// <summary>The document with its log; null when it has expired or never was.</summary>
    internal Task<JobDocument?> ReadAsync(Guid jobId, CancellationToken ct) =>
        dapr.GetStateAsync<JobDocument?>(JobDocument.Store, JobDocument.KeyOf(jobId), cancellationToken: ct);

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
}
