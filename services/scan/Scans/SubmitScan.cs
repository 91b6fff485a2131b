using System.Security.Cryptography;
using System.Text.Json;
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
    JobLog logs,
    Pictures pictures,
    OfferedModels models,
    InFlight inFlight,
    ScanMeter meter,
    IOptions<ScanOptions> options,
    WireJson json,
    TimeProvider clock)
{
    // One user's submissions are written one after the other, so what is counted holds until the row is in.
    private const string Room =
        "room as (select count(*) < $16 as free from scans where user_id = $2 and status = 'queued' and created_at > $17)";

    // A key that has outlived its time is taken over; a living one is left alone, and then nothing is written at all.
    private const string AcceptWithKey =
        $"""
        with {Room},
        bound as (
          insert into submissions (user_id, key, body_hash, job_id, created_at) select $2, $18, $19, $1, $9 from room where free
          on conflict (user_id, key) do update set body_hash = excluded.body_hash, job_id = excluded.job_id, created_at = excluded.created_at
          where submissions.created_at <= $20
          returning job_id),
        accepted as ({Insert} select {Values} from bound returning job_id),
        {Announce}
        """;

    private const string Accept = $"with {Room}, accepted as ({Insert} select {Values} from room where free returning job_id), {Announce}";

    private const string Insert = "insert into scans (job_id, user_id, image_key, image_sha256, image_url, user_input, model, language, created_at)";

    private const string Values = "$1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::timestamptz";

    private const string Announce =
        $"""
        told as (
          insert into outbox ({Outbox.Columns})
          select $10::uuid, $11::text, $12::text, $13::text, $14::text, $15::text from accepted returning id)
        select free, exists (select from told) from room
        """;

    private const string FindKey =
        """
        select s.body_hash, s.job_id, j.created_at from submissions s join scans j on j.job_id = s.job_id
        where s.user_id = $1 and s.key = $2 and s.created_at > $3
        """;

    private sealed record Wanted(Guid UserId, string? Key, byte[] BodyHash, string ImageKey, string? Words, string Model, string Language);

    private enum Outcome
    {
        Accepted,
        KeyTaken,
        UserFull,
    }

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/", Post).WithName(nameof(SubmitScan)).WithMetadata(new TakesIdempotencyKey());

    internal static Task<Results<Accepted<ScanAccepted>, ProblemHttpResult>> Post(
        SubmitScanRequest request,
        CurrentUser user,
        HttpRequest http,
        SubmitScan submit,
        CancellationToken ct) =>
        submit.HandleAsync(request, user, http, ct);

    /// <summary>1. Say no to what cannot be. 2. Say no when the system or the user is known to be full. 3. The picture must be the caller's. 4. Write it down, unless the
    /// user has too many. A known key is answered as before, whatever else there is to say.</summary>
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
        if (inFlight.IsFull)
        {
            return await RefuseAsync(wanted!, Problems.Full(), "system_full", now, ct);
        }

        var tooMany = Problems.TooManyInFlight(options.Value.MaxInFlightPerUser);
        if (inFlight.IsFullFor(user.Id))
        {
            return await RefuseAsync(wanted!, tooMany, "user_full", now, ct);
        }

        var jobId = Guid.CreateVersion7(now);

        // The job's log and its words come first, so that nobody hears of a job without them. Should the rest fail, they go again, or expire unseen.
        var log = logs.BeginAsync(jobId, user.Id, wanted!.Words, now, ct);
        var (picture, refused) = await pictures.AskAsync(wanted.ImageKey, user.Id, ct);
        await log;
        if (picture is not null)
        {
            var scan = new ScanRequested(jobId, user.Id, picture.Key, picture.Sha256, picture.Url, wanted.Words is not null, wanted.Model, wanted.Language, now);
            var outcome = await WriteDownAsync(scan, wanted, ct);
            if (outcome == Outcome.Accepted)
            {
                inFlight.Accepted();
                meter.Accepted(wanted.Model);
                outbox.Wake();
                return Accepted(jobId, now);
            }

            if (outcome == Outcome.UserFull)
            {
                inFlight.FullFor(user.Id);
            }

            refused = outcome == Outcome.UserFull ? tooMany : Problems.Away("Send it again.");
        }

        await logs.RemoveAsync(jobId, wanted.Words, ct);
        return await RefuseAsync(wanted, refused!, refused == tooMany ? "user_full" : "other", now, ct);
    }

    private async Task<Results<Accepted<ScanAccepted>, ProblemHttpResult>> RefuseAsync(
        Wanted wanted, ProblemHttpResult problem, string reason, DateTimeOffset now, CancellationToken ct)
    {
        if (await AgainAsync(wanted, now, ct) is { } again)
        {
            return again;
        }

        meter.Refused(reason);
        return problem;
    }

    private ProblemHttpResult? Read(SubmitScanRequest request, Guid userId, HttpRequest http, out Wanted? wanted)
    {
        wanted = null;
        if (!IdempotentPost.TryReadKey(http, out var key))
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

    /// <summary>What a submission with a known key is answered; null when the key is new or there is none.</summary>
    private async Task<Results<Accepted<ScanAccepted>, ProblemHttpResult>?> AgainAsync(Wanted wanted, DateTimeOffset now, CancellationToken ct)
    {
        if (wanted.Key is null)
        {
            return null;
        }

        await using var reader = await db.QueryForUserAsync(
            wanted.UserId,
            FindKey,
            [wanted.UserId, wanted.Key, now - options.Value.IdempotencyLifetime],
            ct);
        return !await reader.ReadAsync(ct) ? null
            : reader.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(wanted.BodyHash) ? Accepted(reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2))
            : Problems.IdempotencyMismatch();
    }

    /// <summary>The scan, its key and the message to the worker in one statement and one round trip.</summary>
    private async Task<Outcome> WriteDownAsync(ScanRequested scan, Wanted wanted, CancellationToken ct)
    {
        var limits = options.Value;
        object?[] values =
        [
            scan.JobId, scan.UserId, scan.ImageKey, scan.ImageSha256, scan.ImageUrl, wanted.Words, scan.Model, scan.Language, scan.AcceptedAt,
            .. outbox.Row(Messaging.PubSub, ScanRequested.Topic, scan.JobId.ToString("D"), scan),
            limits.MaxInFlightPerUser, scan.AcceptedAt - limits.JobLifetime,
        ];
        await using var written = wanted.Key is null
            ? await db.QueryInTurnForUserAsync(scan.UserId, Accept, values, ct)
            : await db.QueryInTurnForUserAsync(
                scan.UserId,
                AcceptWithKey,
                [.. values, wanted.Key, wanted.BodyHash, scan.AcceptedAt - limits.IdempotencyLifetime],
                ct);
        await written.ReadAsync(ct);
        var outcome = written.GetBoolean(1) ? Outcome.Accepted : written.GetBoolean(0) ? Outcome.KeyTaken : Outcome.UserFull;
        // Only now it is committed.
        await written.NextResultAsync(ct);
        return outcome;
    }

    private Accepted<ScanAccepted> Accepted(Guid jobId, DateTimeOffset createdAt) => TypedResults.Accepted(
        $"/api/v1/scan/{jobId:D}",
        new ScanAccepted(jobId, "queued", $"/api/v1/scan/{jobId:D}/events", $"/api/v1/scan/{jobId:D}/result", createdAt, options.Value.EstimatedSeconds));
}
