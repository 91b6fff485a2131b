namespace Eco2.Contracts.Scan;

/// <summary>A scan was accepted and waits for the worker.</summary>
/// <param name="JobId">The job; also the workflow's instance id.</param>
/// <param name="UserId">The owner.</param>
/// <param name="ImageKey">Key of the checked picture in the object store.</param>
/// <param name="ImageSha256">Hash of the picture's pixels-bearing bytes, hex; the same picture earns one reward per user.</param>
/// <param name="ImageUrl">Where the owner can see it, a path of this service.</param>
/// <param name="HasWords">True if the user sent words with it; they are the <see cref="ScanWords"/> of the job and travel in no message.</param>
/// <param name="Model">The chosen model name, one of <c>GET /api/v1/scan/models</c>.</param>
/// <param name="Language">ko or en: the language of the answer.</param>
/// <param name="AcceptedAt">UTC.</param>
/// <param name="UserInput">The words themselves: only in messages and histories from before there was <paramref name="HasWords"/>.</param>
public sealed record ScanRequested(
    Guid JobId,
    Guid UserId,
    string ImageKey,
    string ImageSha256,
    string ImageUrl,
    bool HasWords,
    string Model,
    string Language,
    DateTimeOffset AcceptedAt,
    string? UserInput = null)
{
    /// <summary>Where it is published, and the name of the workflow's job kind is "scan".</summary>
    public const string Topic = "scan.requested";

    /// <summary>The job kind.</summary>
    public const string Kind = "scan";

    /// <summary>The workflow that runs it.</summary>
    public const string Workflow = "ScanWorkflow";
}

/// <summary>Requests that could not be delivered in all their tries; the message is the <see cref="ScanRequested"/> itself.</summary>
public static class UndeliveredScan
{
    /// <summary>Where they land.</summary>
    public const string Topic = "scan.requested.dead";
}

/// <summary>Body of <c>POST /api/v1/scan</c>. One of <paramref name="ImageKey"/> and <paramref name="ImageUrl"/> is required.</summary>
/// <param name="ImageKey">Key from the image service.</param>
/// <param name="ImageUrl">An address of this service's own pictures.</param>
/// <param name="UserInput">At most 500 characters.</param>
/// <param name="Model">Optional model name.</param>
/// <param name="Language">ko (default) or en.</param>
public sealed record SubmitScanRequest(string? ImageKey, string? ImageUrl, string? UserInput, string? Model, string? Language);

/// <summary>The 202 answer of <c>POST /api/v1/scan</c>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Status">queued.</param>
/// <param name="StreamUrl">Path of the event stream.</param>
/// <param name="ResultUrl">Path of the result.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="EstimatedSeconds">A guess of how long it will take.</param>
public sealed record ScanAccepted(
    Guid JobId,
    string Status,
    string StreamUrl,
    string ResultUrl,
    DateTimeOffset CreatedAt,
    int EstimatedSeconds);
