using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.LoadGenerator;

/// <summary>What became of one attempt to submit a scan.</summary>
/// <param name="JobId">The job when it was accepted.</param>
/// <param name="Status">HTTP status; 0 when there was no answer.</param>
/// <param name="RetryAfter">What a refusal asked for.</param>
/// <param name="Elapsed">Time until the whole answer was there.</param>
public readonly record struct Submission(Guid? JobId, int Status, TimeSpan? RetryAfter, TimeSpan Elapsed);

public sealed partial class ScanClient
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Submits once. An answer that does not come leaves open whether the scan was accepted: the same key asks again.</summary>
    /// <param name="model">The model to use; null for the default.</param>
    public async Task<Submission> TrySubmitAsync(Account account, string imageKey, string? words, string idempotencyKey, CancellationToken ct, string? model = null)
    {
        var began = clock.GetTimestamp();
        try
        {
            await RenewAsync(account, ct);
            using var request = Request(HttpMethod.Post, "/api/v1/scan", account);
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
            var body = JsonSerializer.SerializeToUtf8Bytes(new SubmitScanRequest(imageKey, null, words, model, "ko"), ContractsJson.Default.SubmitScanRequest);
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = Json;
            began = clock.GetTimestamp();
            using var response = await SendAsync(request, ct);
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                Expire(account, response);
                return new Submission(null, (int)response.StatusCode, response.Headers.RetryAfter?.Delta, clock.GetElapsedTime(began));
            }

            var accepted = await response.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted, ct);
            return new Submission(accepted!.JobId, 202, null, clock.GetElapsedTime(began));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or TimeoutException)
        {
            return new Submission(null, 0, null, clock.GetElapsedTime(began));
        }
    }

    /// <summary>Submits with one Idempotency-Key until the scan is accepted, after each refusal as late as it asks, and enters it in the ledger.</summary>
    /// <param name="onAttempt">Hears every attempt.</param>
    /// <exception cref="TimeoutException">Not accepted within <see cref="Patience"/>.</exception>
    public async Task<JobRecord> SubmitAsync(
        Account account,
        string imageKey,
        string? words,
        Ledger ledger,
        Action<Submission>? onAttempt,
        CancellationToken ct,
        string? model = null)
    {
        var key = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        var began = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var submission = await TrySubmitAsync(account, imageKey, words, key, ct, model);
            onAttempt?.Invoke(submission);
            if (submission.JobId is { } jobId)
            {
                return ledger.Accepted(jobId, account, key);
            }

            if (submission.Status is 400 or 404 or 409 or 413 or 415 or 422)
            {
                throw new InvalidOperationException($"A scan was refused for good with HTTP {submission.Status}.");
            }

            if (clock.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"Not accepted within {Patience.TotalSeconds:0} s; the last answer: HTTP {submission.Status}");
            }

            await PauseAsync(attempt, submission.RetryAfter, ct);
        }
    }

    /// <summary>What the system says about a job; null when it knows none.</summary>
    public async Task<JobView?> GetJobAsync(Account account, Guid jobId, CancellationToken ct)
    {
        using var response = await UntilAsync(
            () => Request(HttpMethod.Get, $"/api/v1/jobs/{jobId:D}", account),
            account,
            answer => answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound,
            ct);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await response.Content.ReadFromJsonAsync(ContractsJson.Default.JobView, ct);
    }

    /// <summary>Asks for a job to stop. True when it will stop or has, false when it had ended in another way.</summary>
    public async Task<bool> CancelAsync(Account account, Guid jobId, CancellationToken ct)
    {
        using var response = await UntilAsync(
            () => Request(HttpMethod.Delete, $"/api/v1/jobs/{jobId:D}", account),
            account,
            answer => answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.NoContent or HttpStatusCode.Conflict,
            ct);
        return response.StatusCode != HttpStatusCode.Conflict;
    }
}
