using System.Text.Json;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Scan.Scans;

/// <summary>A scan as the history keeps it.</summary>
internal sealed record ScanRow(
    Guid JobId,
    string Status,
    string ImageUrl,
    string Model,
    string? Words,
    ScanResult? Result,
    JobError? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt)
{
    private const string Select =
        "select job_id, status, image_url, model, user_input, result::text, error::text, created_at, finished_at from scans where user_id = $1 and job_id = $2 and not hidden";

    internal bool IsFinished => Status != "queued";

    internal static async Task<ScanRow?> FindAsync(NpgsqlDataSource db, Guid userId, Guid jobId, JsonSerializerOptions json, CancellationToken ct)
    {
        await using var reader = await db.QueryForUserAsync(userId, Select, [userId, jobId], ct);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        return new ScanRow(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetString(2),
            reader.GetString(3),
            reader.IsDBNull(4) ? null : reader.GetString(4),
            reader.IsDBNull(5) ? null : JsonSerializer.Deserialize<ScanResult>(reader.GetString(5), json),
            reader.IsDBNull(6) ? null : JsonSerializer.Deserialize<JobError>(reader.GetString(6), json),
            reader.GetFieldValue<DateTimeOffset>(7),
            reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8));
    }

    /// <summary>A job whose document died of age without an end: it has failed, whatever became of it.</summary>
    internal ScanRow Abandoned(DateTimeOffset at) => this with
    {
        Status = "failed",
        Error = new JobError("TIMEOUT", "처리가 끝나지 않았어요. 다시 시도해 주세요.", null, true),
        FinishedAt = at,
    };

    /// <summary>The result document with the owner's words in it, also of a job that ended without making one.</summary>
    internal ScanResult Document() => Result is { } result ? (Words is null ? result : result with { PipelineResult = ScanWords.PutInto(result.PipelineResult, Words) }) : new ScanResult(
        JobId,
        Status == "succeeded" ? "completed" : Status,
        Error?.Message,
        null,
        null,
        null,
        null,
        ImageUrl,
        Model,
        null,
        [],
        Error,
        CreatedAt,
        FinishedAt);
}
