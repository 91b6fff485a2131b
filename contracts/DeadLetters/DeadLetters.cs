using System.Text.Json;

namespace Eco2.Contracts.DeadLetters;

/// <summary>Messages that no subscriber took in all their tries.</summary>
public static class DeadLetterTopics
{
    /// <summary>What a topic's name is followed by to name its dead letters.</summary>
    public const string Suffix = ".dead";
}

/// <summary>One message that could not be delivered, without its payload.</summary>
/// <param name="Id">Of the letter, UUIDv7 of when it was first seen.</param>
/// <param name="Topic">Where it was published and where a replay goes.</param>
/// <param name="EventId">Id of its cloud event, or <c>sha256:</c> and a hash of its bytes if it has none that can be kept.</param>
/// <param name="Source">App that published it, if it says so.</param>
/// <param name="State">waiting (retried on schedule), replayed (published again and not come back), exhausted (came back after its last
/// scheduled retry) or discarded.</param>
/// <param name="Attempts">How often it was published again, by the schedule and by hand.</param>
/// <param name="Bytes">Size of the message.</param>
/// <param name="FirstSeenAt">UTC.</param>
/// <param name="LastSeenAt">When it last came from the broker, UTC.</param>
/// <param name="NextRetryAt">The first round of the schedule after this retries it; null unless waiting.</param>
/// <param name="LastError">Why it could not be published again the last time that was tried; null if it could.</param>
/// <param name="ReplayedAt">UTC.</param>
/// <param name="ReplayedBy">The admin who did; null for the schedule.</param>
/// <param name="DiscardedAt">UTC.</param>
/// <param name="DiscardedBy">The admin who did.</param>
public sealed record DeadLetter(
    Guid Id,
    string Topic,
    string EventId,
    string? Source,
    string State,
    int Attempts,
    long Bytes,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset? NextRetryAt,
    string? LastError,
    DateTimeOffset? ReplayedAt,
    Guid? ReplayedBy,
    DateTimeOffset? DiscardedAt,
    Guid? DiscardedBy);

/// <summary>One page of dead letters, newest first.</summary>
/// <param name="Letters">At most the asked limit.</param>
/// <param name="NextCursor">Opaque; null at the end.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetter> Letters, string? NextCursor);

/// <summary>A dead letter with what was in it, which may be personal data.</summary>
/// <param name="Letter">About it.</param>
/// <param name="Message">As it came from the broker, usually a whole cloud event; absent if it is not JSON.</param>
/// <param name="MessageBase64">Its bytes, if it is not JSON.</param>
public sealed record DeadLetterContent(DeadLetter Letter, JsonElement? Message, string? MessageBase64);

/// <summary>Body of <c>POST /api/v1/dead-letters/replay</c>: which letters, oldest first.</summary>
/// <param name="Topic">Only these; null for all.</param>
/// <param name="State">Only these; null for waiting and exhausted.</param>
/// <param name="Before">Only those first seen before and not replayed since, UTC; null for now. Whoever asks again for the rest repeats the answer's
/// value, so that a letter that came back meanwhile is not taken twice.</param>
/// <param name="Limit">1 to 500; 100 if null.</param>
public sealed record ReplayDeadLettersRequest(string? Topic, string? State, DateTimeOffset? Before, int? Limit);

/// <summary>What became of them.</summary>
/// <param name="Replayed">Published again.</param>
/// <param name="Failed">Could not be published now; they are as they were.</param>
/// <param name="More">True if there are more that match.</param>
/// <param name="Before">For the next request.</param>
public sealed record ReplayedDeadLetters(int Replayed, int Failed, bool More, DateTimeOffset Before);
