using System.Text.Json.Nodes;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;

namespace Eco2.Contracts.Scan;

/// <summary>The answer of <c>GET /api/v1/scan/{job_id}/result</c>, and the result of the done event.</summary>
/// <param name="TaskId">The job.</param>
/// <param name="Status">completed, processing, failed or cancelled.</param>
/// <param name="Message">A caption.</param>
/// <param name="PipelineResult">The shape of earlier clients: classification_result, disposal_rules, final_answer. Korean keys, hence free JSON.</param>
/// <param name="Vision">What was seen.</param>
/// <param name="Answer">How to put it out.</param>
/// <param name="Reward">What it earned.</param>
/// <param name="ImageUrl">Path of the picture.</param>
/// <param name="Model">The model that was asked for.</param>
/// <param name="TimingsMs">queue, vision, rule, answer, reward, total in milliseconds.</param>
/// <param name="Warnings">RULE_NOT_FOUND, LOCAL_MODEL_USED, WORDS_GONE …</param>
/// <param name="Error">Why it failed or was cancelled.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="FinishedAt">UTC.</param>
public sealed record ScanResult(
    Guid TaskId,
    string Status,
    string? Message,
    JsonObject? PipelineResult,
    VisionResult? Vision,
    Answer? Answer,
    Reward? Reward,
    string? ImageUrl,
    string? Model,
    IReadOnlyDictionary<string, long>? TimingsMs,
    IReadOnlyList<string> Warnings,
    JobError? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt);

/// <summary>One page of a user's scans, newest first.</summary>
/// <param name="Scans">At most the asked limit.</param>
/// <param name="NextCursor">Opaque; null at the end.</param>
public sealed record ScanHistoryPage(IReadOnlyList<ScanSummary> Scans, string? NextCursor);

/// <summary>One scan in the history.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="ImageUrl">Path of the picture.</param>
/// <param name="ThumbnailUrl">Path of a small WebP.</param>
/// <param name="Headline">Of the answer, when there is one.</param>
/// <param name="MiddleCode">What it was.</param>
/// <param name="FinalPlace">Where it went.</param>
/// <param name="RewardStatus">granted, already_owned, not_eligible or pending.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="FinishedAt">UTC.</param>
public sealed record ScanSummary(
    Guid JobId,
    string Status,
    string ImageUrl,
    string ThumbnailUrl,
    string? Headline,
    string? MiddleCode,
    string? FinalPlace,
    string? RewardStatus,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt);
