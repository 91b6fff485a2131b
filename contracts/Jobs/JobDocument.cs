namespace Eco2.Contracts.Jobs;

/// <summary>Everything about one job, kept in the state store <see cref="Store"/> under <see cref="KeyOf"/>: a snapshot and the log
/// of its events. The accepting service creates it (first write wins); after that the event router is its only writer.</summary>
/// <param name="JobId">The job.</param>
/// <param name="UserId">The owner: nobody else may read, stream or cancel it.</param>
/// <param name="Kind">scan.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="Stage">The stage of the newest event.</param>
/// <param name="Progress">0 to 100 percent.</param>
/// <param name="CreatedAt">When it was accepted, UTC.</param>
/// <param name="UpdatedAt">When the newest event happened, UTC.</param>
/// <param name="FinishedAt">When it ended, UTC; null while it runs.</param>
/// <param name="Events">The log: Seq 1, 2, 3 … without gaps. Its last entry holds the result of a finished job.</param>
/// <param name="Early">Batches that came before what they must follow; the router's own, none when all is in order.</param>
public sealed record JobDocument(
    Guid JobId,
    Guid UserId,
    string Kind,
    string Status,
    string Stage,
    int Progress,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt,
    IReadOnlyList<JobEvent> Events,
    IReadOnlyList<JobEventBatch>? Early = null)
{
    /// <summary>The state store component that holds job documents, readable by every app (<c>keyPrefix: name</c>).</summary>
    public const string Store = "jobs";

    /// <summary>The key of a job's document.</summary>
    public static string KeyOf(Guid jobId) => $"job:{jobId:D}";

    /// <summary>True when no event can follow.</summary>
    public bool IsFinished() => Status is "succeeded" or "failed" or "cancelled";
}

/// <summary>The answer of <c>GET /api/v1/jobs/{id}</c>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Kind">scan.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="CurrentStage">The stage of the newest event.</param>
/// <param name="Progress">0 to 100 percent.</param>
/// <param name="LastSeq">Seq of the newest event; what a stream would send last.</param>
/// <param name="Result">The result document of a succeeded job.</param>
/// <param name="Error">Why a failed or cancelled job ended.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="FinishedAt">UTC, null while it runs.</param>
public sealed record JobView(
    Guid JobId,
    string Kind,
    string Status,
    string CurrentStage,
    int Progress,
    int LastSeq,
    System.Text.Json.JsonElement? Result,
    JobError? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt);

/// <summary>New log entries of one job, sent to every replica of the SSE gateway through the component <see cref="PubSub"/>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="UserId">The owner.</param>
/// <param name="Events">Numbered events, oldest first.</param>
public sealed record JobFanout(Guid JobId, Guid UserId, IReadOnlyList<JobEvent> Events)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "job.fanout";

    /// <summary>The pub/sub component in which every replica is a consumer of its own.</summary>
    public const string PubSub = "broadcast";
}

/// <summary>A job reached its last event. The service that accepted it keeps the result from this.</summary>
/// <param name="JobId">The job.</param>
/// <param name="UserId">The owner.</param>
/// <param name="Kind">scan.</param>
/// <param name="Status">succeeded, failed or cancelled.</param>
/// <param name="FinishedAt">UTC.</param>
/// <param name="Result">The result document when it succeeded.</param>
/// <param name="Error">Why not, when it did not.</param>
public sealed record JobFinished(
    Guid JobId,
    Guid UserId,
    string Kind,
    string Status,
    DateTimeOffset FinishedAt,
    System.Text.Json.JsonElement? Result,
    JobError? Error)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "job.finished";
}

/// <summary>The owner wants a job to stop.</summary>
/// <param name="JobId">The job.</param>
/// <param name="UserId">The owner, already checked.</param>
/// <param name="Kind">scan.</param>
/// <param name="RequestedAt">UTC.</param>
public sealed record JobCancelRequested(Guid JobId, Guid UserId, string Kind, DateTimeOffset RequestedAt)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "job.cancel";
}

/// <summary>The pub/sub component in which the replicas of an app share the work.</summary>
public static class Messaging
{
    /// <summary>Component name.</summary>
    public const string PubSub = "pubsub";
}
