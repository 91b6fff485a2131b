using System.Globalization;
using System.Text.Json;

namespace Eco2.Contracts.Jobs;

/// <summary>Things that happened to one job, in order, published to <see cref="Topic"/> by whoever did the work.</summary>
/// <param name="JobId">The job, UUIDv7.</param>
/// <param name="UserId">The owner.</param>
/// <param name="Kind">What sort of job: <c>scan</c>.</param>
/// <param name="After">The event id that must stand in the log before these; null when they may come at any time.
/// The router puts batches that overtook each other back in order by it.</param>
/// <param name="Events">One or more, oldest first.</param>
public sealed record JobEventBatch(Guid JobId, Guid UserId, string Kind, string? After, IReadOnlyList<JobEvent> Events)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "job.events";
}

/// <summary>One event of a job, as it goes to the client inside a stream frame.</summary>
/// <param name="EventId">Made from job, stage and status, never from chance or the clock, so that a repeated publish repeats it:
/// <c>{job}/{stage}/{status}</c>, for a piece of an answer <c>{job}/token/{number}</c>.</param>
/// <param name="Seq">1, 2, 3 … per job without gaps, given by the event router; 0 before that.</param>
/// <param name="Stage">queued, vision, rule, answer, reward, token, done, failed or cancelled; also the name of the stream event.</param>
/// <param name="Status">started, completed, failed, skipped or streaming.</param>
/// <param name="Progress">0 to 100 percent, never decreases within a job.</param>
/// <param name="Ts">When it happened, UTC.</param>
/// <param name="Message">Optional caption in the user's language.</param>
/// <param name="Result">What the stage made; for done the same document as GET result.</param>
/// <param name="Error">Present when <paramref name="Status"/> is failed.</param>
/// <param name="TraceId">W3C trace id, optional.</param>
public sealed record JobEvent(
    string EventId,
    int Seq,
    string Stage,
    string Status,
    int Progress,
    DateTimeOffset Ts,
    string? Message = null,
    JsonElement? Result = null,
    JobError? Error = null,
    string? TraceId = null)
{
    /// <summary>The id of the event that <paramref name="stage"/> with <paramref name="status"/> of <paramref name="jobId"/> always has.</summary>
    public static string IdOf(Guid jobId, string stage, string status) => $"{jobId:D}/{stage}/{status}";

    /// <summary>The id of piece <paramref name="number"/> (1, 2, 3 …) of a job's answer. Such a batch names the piece before as its
    /// <see cref="JobEventBatch.After"/>: the log keeps only the highest number, not every id.</summary>
    public static string TokenIdOf(Guid jobId, int number) => string.Create(CultureInfo.InvariantCulture, $"{jobId:D}/token/{number}");

    /// <summary>The part of an id after its job, such as <c>vision/started</c>; an id of another form stays whole.</summary>
    public static string ShortIdOf(Guid jobId, string eventId) =>
        eventId.Length > 37 && eventId[36] == '/' && eventId.AsSpan(0, 36).SequenceEqual(jobId.ToString("D")) ? eventId[37..] : eventId;

    /// <summary>The number in an id made by <see cref="TokenIdOf"/>; 0 for every other event.</summary>
    /// <param name="shortId">What <see cref="ShortIdOf"/> gave.</param>
    public static int TokenNumberIn(string shortId) =>
        shortId.StartsWith("token/", StringComparison.Ordinal)
        && int.TryParse(shortId.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>True for done, failed and cancelled: the last event of its job.</summary>
    public bool IsTerminal() => Stage is "done" or "failed" or "cancelled";
}

/// <summary>Why a job or a stage failed, for people and for programs.</summary>
/// <param name="Code">UPPER_SNAKE, one of the scan error codes, such as VISION_FAILED.</param>
/// <param name="Message">What a person can do about it, in the user's language.</param>
/// <param name="Stage">The stage that failed.</param>
/// <param name="Retryable">True if the same request may succeed later.</param>
public sealed record JobError(string Code, string Message, string? Stage, bool Retryable);
