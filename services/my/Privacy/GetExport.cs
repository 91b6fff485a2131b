using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Privacy;

/// <summary>How an own export stands, and its archive while it is there. Its parts are read one by one, so that no archive is too large.</summary>
internal sealed class GetExport
{
    public sealed record Answer(
        Guid Id, string Status, int Progress, IReadOnlyList<RequestStep> Steps, DateTimeOffset RequestedAt, string? ArchiveUrl, long? Bytes, DateTimeOffset? ExpiresAt);

    private sealed record Row(string Status, int Parts, long Bytes, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt);

    private const string Select = "select status, parts, bytes, requested_at, expires_at from exports where id = $1 and user_id = $2 and expires_at > $3";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/exports/{id}", Handle).WithName(nameof(GetExport)).WithSummary("How an export stands.");
        routes.MapGet("/exports/{id}/archive", Archive).WithName("GetExportArchive").WithSummary("The archive of an export, a zip file.");
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(string id, CurrentUser user, NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(user.Id, ct);
        if (!Guid.TryParseExact(id, "D", out var export) || await FindAsync(work, export, user.Id, clock, ct) is not { } row)
        {
            return Problems.ExportNotFound();
        }

        var steps = await RequestRows.ReadAsync(work, export, ct);
        var done = row.Status == "succeeded";
        return TypedResults.Ok(new Answer(
            export, row.Status, done ? 100 : RequestRows.Progress(steps), steps, row.RequestedAt,
            done ? $"/api/v1/users/me/exports/{export:D}/archive" : null, done ? row.Bytes : null, done ? row.ExpiresAt : null));
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> Archive(
        string id, CurrentUser user, HttpContext http, NpgsqlDataSource db, ObjectStore objects, Outbox outbox, TimeProvider clock, CancellationToken ct)
    {
        Row? row = null;
        Guid export;
        await using (var work = await db.BeginForUserAsync(user.Id, ct))
        {
            if (!Guid.TryParseExact(id, "D", out export) || (row = await FindAsync(work, export, user.Id, clock, ct)) is not { Status: "succeeded" })
            {
                return Problems.ExportNotFound();
            }

            await using var told = work.Connection.CreateBatch();
            var now = clock.GetUtcNow();
            told.BatchCommands.Add(RequestRows.Audit(outbox, Guid.CreateVersion7(now), "export_fetched", user.Id, export, now));
            await told.ExecuteNonQueryAsync(ct);
            await work.CommitAsync(ct);
        }

        outbox.Wake();
        if (await objects.GetAsync(ExportObjects.Part(export, 1), ct) is not { } first)
        {
            return Problems.ExportNotFound();
        }

        var response = http.Response;
        response.ContentType = "application/zip";
        response.ContentLength = row.Bytes;
        response.Headers.ContentDisposition = $"attachment; filename=\"eco2-{export:D}.zip\"";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(first, ct);
        for (var number = 2; number <= row.Parts; number++)
        {
            // The length is told: what cannot be read breaks the answer off, and nobody takes half of it for the whole.
            var part = await objects.GetAsync(ExportObjects.Part(export, number), ct) ?? throw new IOException($"Part {number} of export {export:D} is gone.");
            await response.Body.WriteAsync(part, ct);
        }

        return TypedResults.Empty;
    }

    private static async Task<Row?> FindAsync(UserRows.UserTransaction work, Guid id, Guid userId, TimeProvider clock, CancellationToken ct)
    {
        await using var select = work.Command(Select, id, userId, clock.GetUtcNow());
        await using var row = await select.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? new Row(row.GetString(0), row.GetInt32(1), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3), row.GetFieldValue<DateTimeOffset>(4))
            : null;
    }
}
