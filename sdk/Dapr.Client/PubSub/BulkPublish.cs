using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>One event of a bulk publish.</summary>
public class BulkPublishEntry<TValue>(string entryId, TValue eventData, string contentType, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>Its place in the list, as text.</summary>
    public string EntryId { get; } = entryId;

    /// <summary>The event.</summary>
    public TValue EventData { get; } = eventData;

    /// <summary>How it was sent.</summary>
    public string ContentType { get; } = contentType;

    /// <summary>Metadata it was sent with.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}

#nullable disable
/// <summary>Answer of a bulk publish.</summary>
[SuppressMessage("Design", "CA1002", Justification = "The official shape.")]
public class BulkPublishResponse<TValue>(List<BulkPublishResponseFailedEntry<TValue>> failedEntries)
{
    /// <summary>What was not published; empty when all was.</summary>
    public List<BulkPublishResponseFailedEntry<TValue>> FailedEntries { get; } = failedEntries;
}

/// <summary>An event that was not published.</summary>
public class BulkPublishResponseFailedEntry<TValue>(BulkPublishEntry<TValue> entry, string errorMessage)
{
    /// <summary>The event.</summary>
    public BulkPublishEntry<TValue> Entry { get; } = entry;

    /// <summary>Why.</summary>
    public string ErrorMessage { get; } = errorMessage;
}
#nullable restore
