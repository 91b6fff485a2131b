namespace Eco2.Contracts.Privacy;

/// <summary>Somebody wants all their data, or wants it gone. Ids and a time, nothing else.</summary>
/// <param name="RequestId">The request; with its kind also the workflow's instance id.</param>
/// <param name="UserId">Whose data.</param>
/// <param name="Kind">export or deletion.</param>
/// <param name="RequestedAt">UTC.</param>
public sealed record PrivacyRequested(Guid RequestId, Guid UserId, string Kind, DateTimeOffset RequestedAt)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "privacy.requested";

    /// <summary>The workflow's instance id.</summary>
    public string InstanceId() => $"{Kind}-{RequestId:D}";
}

/// <summary>How one step of a request stands, told by the worker.</summary>
/// <param name="Status">running or succeeded.</param>
/// <param name="Removed">What a deletion took out, by kind of thing; null for an export.</param>
public sealed record PrivacyProgress(string Status, IReadOnlyDictionary<string, long>? Removed = null);

/// <summary>How a request ended.</summary>
/// <param name="Status">succeeded or failed.</param>
/// <param name="Parts">Objects that make up the archive; 0 without one.</param>
/// <param name="Bytes">Size of the archive.</param>
public sealed record PrivacyEnd(string Status, int Parts = 0, long Bytes = 0);

/// <summary>The objects of an export.</summary>
public static class ExportObjects
{
    /// <summary>Part <paramref name="number"/> (1, 2, 3 …) of the archive; all of them in their order are one zip file.</summary>
    public static string Part(Guid exportId, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"exports/{exportId:D}/archive-{number}");

    /// <summary>Page <paramref name="number"/> (1, 2, 3 …) of what a step collected; gone when the archive is made.</summary>
    public static string Page(Guid exportId, string step, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"exports/{exportId:D}/{step}-{number}");
}

/// <summary>How long a user's things are kept has changed; the highest version counts.</summary>
/// <param name="UserId">Whose.</param>
/// <param name="Version">1, 2, 3 … of the user's settings.</param>
/// <param name="ResultDays">Days that results of scans are kept.</param>
/// <param name="PictureDays">Days that pictures are kept.</param>
public sealed record RetentionChanged(Guid UserId, long Version, int ResultDays, int PictureDays)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "retention.changed";

    /// <summary>Days that results are kept unless the user says otherwise.</summary>
    public const int DefaultResultDays = 180;

    /// <summary>Days that pictures are kept unless the user says otherwise.</summary>
    public const int DefaultPictureDays = 30;
}

/// <summary>Something for the audit log that another app did. Told twice, it is one entry.</summary>
/// <param name="EventId">Made with the fact.</param>
/// <param name="Kind">admin_acted, export_requested, export_fetched or deletion_requested.</param>
/// <param name="ActorId">Who did it.</param>
/// <param name="Subject">What it was done to: an id, or a number with a word of the program.</param>
/// <param name="Action">What an admin did, such as dead_letter_replayed; null otherwise.</param>
/// <param name="At">UTC.</param>
public sealed record AuditTold(Guid EventId, string Kind, Guid ActorId, string Subject, string? Action, DateTimeOffset At)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "audit.told";
}

/// <summary>Workflows whose histories nobody needs any more. Who asks keeps the ids until the worker has said that they are gone.</summary>
/// <param name="InstanceIds">At most <see cref="Most"/>.</param>
public sealed record ForgetHistories(IReadOnlyList<string> InstanceIds)
{
    /// <summary>How many go in one call.</summary>
    public const int Most = 50;
}

/// <summary>What became of <see cref="ForgetHistories"/>.</summary>
/// <param name="Left">Ids whose histories could not be removed now; all others are gone, or never were.</param>
public sealed record HistoriesForgotten(IReadOnlyList<string> Left);

/// <summary>What is done for a request, in order. Workflows follow it, so it changes only as docs/workflows.md allows.</summary>
public static class PrivacySteps
{
    /// <summary>Puts the parts of an archive together.</summary>
    public const string Archive = "archive";

    /// <summary>Logs of jobs, which are no app's own.</summary>
    public const string Jobs = "jobs";

    /// <summary>Nobody can sign in and nothing can be added any more.</summary>
    public const string Lock = "lock";

    /// <summary>Steps of an export.</summary>
    public static IReadOnlyList<string> Export { get; } = ["account", "profile", "scans", "pictures", "characters", Jobs, Archive];

    /// <summary>Steps of a deletion: the account comes last, so that a deletion that has not ended still has one.</summary>
    public static IReadOnlyList<string> Deletion { get; } = [Lock, Jobs, "scans", "pictures", "characters", "profile", "account"];
}
