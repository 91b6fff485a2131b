using System.Text.Json;

namespace Eco2.Contracts.Jobs;

/// <summary>The data of one frame of a job's event stream; the frame's event name is <paramref name="Stage"/>, its id <paramref name="Seq"/>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Stage">queued, vision, rule, answer, reward, done, failed or cancelled.</param>
/// <param name="Status">started, completed, failed or skipped.</param>
/// <param name="Seq">1, 2, 3 … per job without gaps.</param>
/// <param name="Ts">When it happened, UTC.</param>
/// <param name="Progress">0 to 100 percent, never decreases.</param>
/// <param name="Message">Optional caption in the user's language.</param>
/// <param name="Result">What the stage made.</param>
/// <param name="Error">Present when <paramref name="Status"/> is failed.</param>
/// <param name="TraceId">W3C trace id, optional.</param>
/// <param name="EventId">Stable id of the event.</param>
public sealed record StreamFrame(
    Guid JobId,
    string Stage,
    string Status,
    int Seq,
    DateTimeOffset Ts,
    int Progress,
    string? Message,
    JsonElement? Result,
    JobError? Error,
    string? TraceId,
    string EventId);
