using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Scan.Models;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>Accepts a scan: cheap, durable, and once per Idempotency-Key. The row, its key and the message to the worker are one transaction,
/// so what got a 202 will be worked on.</summary>
internal sealed class SubmitScan(
    NpgsqlDataSource db,
    Outbox outbox,
    DaprClient dapr,
    Pictures pictures,
    OfferedModels models,
    IOptions<ScanOptions> options,
    WireJson json,
    TimeProvider clock)
{
    // A key that has outlived its time is taken over; a living one is left alone and returns no row.
    private const string BindKey =
        """
        insert into submissions (user_id, key, body_hash, job_id, created_at) values ($1, $2, $3, $4, $5)
        on conflict (user_id, key) do update set body_hash = excluded.body_hash, job_id = excluded.job_id, created_at = excluded.created_at
        where submissions.created_at <= $6
        returning job_id
        """;

    private const string FindKey =
        """
        select s.body_hash, s.job_id, j.created_at from submissions s join scans j on j.job_id = s.job_id
        where s.user_id = $1 and s.key = $2 and s.created_at > $3
        """;

    private const string Insert =
        """
        insert into scans (job_id, user_id, image_key, image_sha256, image_url, user_input, model, language, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """;

    private sealed record Wanted(Guid UserId, string? Key, byte[] BodyHash, string ImageKey, string? Words, string Model, string Language);

    private sealed record Bound(byte[] BodyHash, Guid JobId, DateTimeOffset CreatedAt);

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/", Post).WithName(nameof(SubmitScan));

    internal static Task<Results<Accepted<ScanAccepted>, ProblemHttpResult>> Post(
        SubmitScanRequest request,
        CurrentUser user,
        HttpRequest http,
        SubmitScan submit,
        CancellationToken ct) =>
        submit.HandleAsync(request, user, http, ct);

    /// <summary>1. Say no to what cannot be. 2. A known key answers as before. 3. The picture must be the caller's. 4. Write it down.</summary>
    private async Task<Results<Accepted<ScanAccepted>, ProblemHttpResult>> HandleAsync(
        SubmitScanRequest request,
        CurrentUser user,
        HttpRequest http,
        CancellationToken ct)
    {
        if (Read(request, user.Id, http, out var wanted) is { } problem)
        {
            return problem;
        }

        var now = clock.GetUtcNow();
        if (wanted!.Key is not null && await FindAsync(wanted, now, ct) is { } before)
        {
            return Again(before, wanted);
        }

        var (picture, refused) = await pictures.AskAsync(wanted.ImageKey, user.Id, ct);
        if (picture is null)
        {
            return refused!;
        }

        var scan = new ScanRequested(
            Guid.CreateVersion7(now),
            user.Id,
            picture.Key,
            picture.Sha256,
            picture.Url,
            wanted.Words,
            wanted.Model,
            wanted.Language,
            now);
        // First the job's log, so that nobody hears of a job without one. Should the rest fail, it expires unseen.
        await CreateJobAsync(scan, ct);
        if (await WriteDownAsync(scan, wanted, ct))
        {
            outbox.Wake();
            return Accepted(scan.JobId, now);
        }

        // Somebody with the same key was quicker.
        await dapr.DeleteStateAsync(JobDocument.Store, JobDocument.KeyOf(scan.JobId), cancellationToken: ct);
        return await FindAsync(wanted, now, ct) is { } winner ? Again(winner, wanted) : Problems.Away("Send it again.");
    }

    private ProblemHttpResult? Read(SubmitScanRequest request, Guid userId, HttpRequest http, out Wanted? wanted)
    {
        wanted = null;
        if (!TryReadKey(http, out var key))
        {
            return Problems.Invalid("Idempotency-Key", "It has 8 to 128 visible ASCII characters.");
        }

        if (pictures.FindKey(request.ImageKey, request.ImageUrl, out var imageKey) is { } problem)
        {
            return problem;
        }

        if (!UserWords.TryRead(request.UserInput, out var words))
        {
            return Problems.Invalid("user_input", $"It has at most {UserWords.MaxLength} characters.");
        }

        var model = request.Model ?? models.Default;
        if (!models.Names.Contains(model))
        {
            return Problems.UnsupportedModel(models.Names);
        }

        if (!AnswerLanguage.TryRead(request.Language, http, out var language))
        {
            return Problems.Invalid("language", "Choose ko or en.");
        }

        var body = request with { ImageKey = imageKey, ImageUrl = null, UserInput = words };
        wanted = new Wanted(userId, key, SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(body, json.Options)), imageKey, words, model, language);
        return null;
    }

    private static bool TryReadKey(HttpRequest http, out string? key)
    {
        key = http.Headers["Idempotency-Key"] is [{ } given, ..] ? given : http.Headers["X-Idempotency-Key"] is [{ } old, ..] ? old : null;
        return key is null || (key.Length is >= 8 and <= 128 && key.All(c => c is >= '!' and <= '~'));
    }

    private async Task<Bound?> FindAsync(Wanted wanted, DateTimeOffset now, CancellationToken ct)
    {
        await using var reader = await db.QueryForUserAsync(
            wanted.UserId,
            FindKey,
            [wanted.UserId, wanted.Key, now - options.Value.IdempotencyLifetime],
            ct);
        return await reader.ReadAsync(ct)
            ? new Bound(reader.GetFieldValue<byte[]>(0), reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2))
            : null;
    }

    private async Task CreateJobAsync(ScanRequested scan, CancellationToken ct)
    {
        var now = scan.AcceptedAt;
        var expected = JsonSerializer.SerializeToElement(new Dictionary<string, int> { ["estimated_seconds"] = options.Value.EstimatedSeconds });
        var queued = new JobEvent(JobEvent.IdOf(scan.JobId, "queued", "started"), 1, "queued", "started", 0, now, Result: expected);
        var job = new JobDocument(scan.JobId, scan.UserId, ScanRequested.Kind, "queued", "queued", 0, now, now, null, [queued]);
        var metadata = new Dictionary<string, string>
        {
            ["ttlInSeconds"] = ((int)options.Value.JobLifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        };
        await dapr.SaveStateAsync(JobDocument.Store, JobDocument.KeyOf(scan.JobId), job, metadata: metadata, cancellationToken: ct);
    }

    private async Task<bool> WriteDownAsync(ScanRequested scan, Wanted wanted, CancellationToken ct)
    {
        await using var transaction = await db.BeginForUserAsync(scan.UserId, ct);
        if (wanted.Key is not null)
        {
            await using var bind = transaction.Command(
                BindKey,
                scan.UserId,
                wanted.Key,
                wanted.BodyHash,
                scan.JobId,
                scan.AcceptedAt,
                scan.AcceptedAt - options.Value.IdempotencyLifetime);
            if (await bind.ExecuteScalarAsync(ct) is null)
            {
                return false;
            }
        }

        await using var insert = transaction.Command(
            Insert,
            scan.JobId,
            scan.UserId,
            scan.ImageKey,
            scan.ImageSha256,
            scan.ImageUrl,
            scan.UserInput,
            scan.Model,
            scan.Language,
            scan.AcceptedAt);
        await insert.ExecuteNonQueryAsync(ct);
        await outbox.AddAsync(transaction.Connection, Messaging.PubSub, ScanRequested.Topic, scan.JobId.ToString("D"), scan, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private Results<Accepted<ScanAccepted>, ProblemHttpResult> Again(Bound before, Wanted wanted) =>
        before.BodyHash.AsSpan().SequenceEqual(wanted.BodyHash) ? Accepted(before.JobId, before.CreatedAt) : Problems.IdempotencyMismatch();

    private Accepted<ScanAccepted> Accepted(Guid jobId, DateTimeOffset createdAt) => TypedResults.Accepted(
        $"/api/v1/scan/{jobId:D}",
        new ScanAccepted(jobId, "queued", $"/api/v1/scan/{jobId:D}/events", $"/api/v1/scan/{jobId:D}/result", createdAt, options.Value.EstimatedSeconds));
}
