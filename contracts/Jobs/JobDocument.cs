namespace Eco2.Contracts.Jobs;

/// <summary>How one job stands and the newest part of its log, kept in the state store <see cref="Store"/> under <see cref="KeyOf"/>.
/// What is older stands in <see cref="JobChunk"/>s, so that this stays small however long the log gets. The accepting service creates it
/// with its first event; after that the event router is its only writer.</summary>
/// <param name="JobId">The job.</param>
/// <param name="UserId">The owner: nobody else may read, stream or cancel it.</param>
/// <param name="Kind">scan.</param>
/// <param name="Status">queued, running, succeeded, failed or cancelled.</param>
/// <param name="Stage">The stage of the newest event.</param>
/// <param name="Progress">0 to 100 percent.</param>
/// <param name="CreatedAt">When it was accepted, UTC.</param>
/// <param name="UpdatedAt">When the newest event happened, UTC.</param>
/// <param name="FinishedAt">When it ended, UTC; null while it runs.</param>
/// <param name="Events">The end of the log, at least its newest event: Seq without gaps, going on where the last chunk ends. Its last
/// entry holds the result of a finished job.</param>
/// <param name="Chunks">How many chunks stand before <paramref name="Events"/>.</param>
/// <param name="Full">True when <paramref name="Events"/> must become the next chunk before another event is added.</param>
/// <param name="Known">Short ids (<see cref="JobEvent.ShortIdOf"/>) of the events in the chunks, tokens left out.</param>
/// <param name="Tokens">The highest number of a token in the log.</param>
/// <param name="Early">Batches that came before what they must follow; the router's own, none when all is in order.</param>
/// <param name="EarlySince">When the log last moved, or the first of <paramref name="Early"/> came; null when nothing waits.</param>
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
    int Chunks = 0,
    bool Full = false,
    IReadOnlyList<string>? Known = null,
    int Tokens = 0,
    IReadOnlyList<JobEventBatch>? Early = null,
    DateTimeOffset? EarlySince = null)
{
    /// <summary>The state store component that holds job documents, readable by every app (<c>keyPrefix: name</c>).</summary>
    public const string Store = "jobs";

    /// <summary>The key of a job's document.</summary>
    public static string KeyOf(Guid jobId) => $"job:{jobId:D}";

    /// <summary>Seq of the newest event.</summary>
    public int LastSeq() => Events.Count == 0 ? 0 : Events[^1].Seq;

    /// <summary>True when no event can follow.</summary>
    public bool IsFinished() => Status is "succeeded" or "failed" or "cancelled";
}

/// <summary>An older part of a job's log, in the same store under <see cref="KeyOf"/>. It is written before the document that counts it
/// and never changes after that, so whoever reads the document finds every chunk it counts.</summary>
/// <param name="Events">Seq without gaps, going on where the chunk before ends.</param>
public sealed record JobChunk(IReadOnlyList<JobEvent> Events)
{
    /// <summary>The key of chunk <paramref name="number"/> (1, 2, 3 …) of a job.</summary>
    public static string KeyOf(Guid jobId, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"job:{jobId:D}:{number}");
}

/// <summary>Batches of a job wait for one that has not come: look again later, though nothing else may come.</summary>
/// <param name="JobId">The job.</param>
public sealed record JobWaiting(Guid JobId)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "job.waiting";
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
