#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr.AspNetCore;

/// <summary>Messages of a topic, many at a time. Cloud events: TValue is a <see cref="BulkMessageModel{TValue}"/>.</summary>
[SuppressMessage("Design", "CA1002", Justification = "The official shape.")]
[SuppressMessage("Usage", "CA2227", Justification = "The official shape; JSON fills it.")]
public class BulkSubscribeMessage<TValue>
{
    /// <summary>For JSON.</summary>
    public BulkSubscribeMessage()
    {
    }

    /// <summary>From its parts.</summary>
    public BulkSubscribeMessage(List<BulkSubscribeMessageEntry<TValue>> entries, string topic, Dictionary<string, string> metadata)
    {
        Entries = entries;
        Topic = topic;
        Metadata = metadata;
    }

    /// <summary>The messages.</summary>
    public List<BulkSubscribeMessageEntry<TValue>> Entries { get; set; }

    /// <summary>Their topic.</summary>
    public string Topic { get; set; }

    /// <summary>Metadata of all of them.</summary>
    public Dictionary<string, string> Metadata { get; set; }
}

/// <summary>One of many messages.</summary>
[SuppressMessage("Usage", "CA2227", Justification = "The official shape; JSON fills it.")]
public class BulkSubscribeMessageEntry<TValue>
{
    /// <summary>For JSON.</summary>
    public BulkSubscribeMessageEntry()
    {
    }

    /// <summary>From its parts.</summary>
    public BulkSubscribeMessageEntry(string entryId, string contentType, Dictionary<string, string> metadata, TValue eventData)
    {
        EntryId = entryId;
        ContentType = contentType;
        Metadata = metadata;
        Event = eventData;
    }

    /// <summary>What an answer names it by.</summary>
    public string EntryId { get; set; }

    /// <summary>What the event is.</summary>
    public string ContentType { get; set; }

    /// <summary>Metadata of the broker.</summary>
    public Dictionary<string, string> Metadata { get; set; }

    /// <summary>The event.</summary>
    public TValue Event { get; set; }
}

/// <summary>A cloud event among many messages.</summary>
public class BulkMessageModel<TValue>
{
    /// <summary>For JSON.</summary>
    public BulkMessageModel()
    {
    }

    /// <summary>From its parts.</summary>
    public BulkMessageModel(string id, string source, string type, string specversion, string datacontenttype, TValue data)
    {
        Id = id;
        Source = source;
        Type = type;
        Specversion = specversion;
        Datacontenttype = datacontenttype;
        Data = data;
    }

    /// <summary>The event's id.</summary>
    public string Id { get; set; }

    /// <summary>Who sent it.</summary>
    public string Source { get; set; }

    /// <summary>What kind of event it is.</summary>
    public string Type { get; set; }

    /// <summary>The version of the envelope.</summary>
    public string Specversion { get; set; }

    /// <summary>What the data is.</summary>
    public string Datacontenttype { get; set; }

    /// <summary>The data.</summary>
    public TValue Data { get; set; }
}

/// <summary>Answer for many messages. What is not in it is delivered again.</summary>
[SuppressMessage("Design", "CA1002", Justification = "The official shape.")]
public class BulkSubscribeAppResponse(List<BulkSubscribeAppResponseEntry> statuses)
{
    /// <summary>One per message.</summary>
    public List<BulkSubscribeAppResponseEntry> Statuses { get; } = statuses;
}

/// <summary>Answer for one of many messages.</summary>
public class BulkSubscribeAppResponseEntry(string entryId, BulkSubscribeAppResponseStatus status)
{
    /// <summary>Which message.</summary>
    public string EntryId { get; } = entryId;

    /// <summary>SUCCESS, RETRY or DROP.</summary>
    public string Status { get; } = status.ToString();
}

/// <summary>What is to become of a message.</summary>
public enum BulkSubscribeAppResponseStatus
{
    /// <summary>It is done.</summary>
    SUCCESS = 0,

    /// <summary>Deliver it again.</summary>
    RETRY = 1,

    /// <summary>Give it up.</summary>
    DROP = 2,
}

/// <summary>How many messages at a time.</summary>
public class BulkSubscribeTopicOptions
{
    /// <summary>At most so many.</summary>
    public int MaxMessagesCount { get; set; } = 100;

    /// <summary>Waits at most so many milliseconds for them.</summary>
    public int MaxAwaitDurationMs { get; set; } = 1000;

    /// <summary>The topic.</summary>
    public string TopicName { get; set; }
}

/// <summary>Delivers a topic of an action many messages at a time.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
[SuppressMessage("Performance", "CA1813", Justification = "The official type is open.")]
public class BulkSubscribeAttribute : Attribute, IBulkSubscribeMetadata
{
    /// <summary>With both limits.</summary>
    public BulkSubscribeAttribute(string topicName, int maxMessagesCount, int maxAwaitDurationMs)
    {
        ArgumentException.ThrowIfNullOrEmpty(topicName);
        TopicName = topicName;
        MaxMessagesCount = maxMessagesCount;
        MaxAwaitDurationMs = maxAwaitDurationMs;
    }

    /// <summary>Waits at most a second.</summary>
    public BulkSubscribeAttribute(string topicName, int maxMessagesCount)
        : this(topicName, maxMessagesCount, 1000)
    {
    }

    /// <summary>100 messages, a second.</summary>
    public BulkSubscribeAttribute(string topicName)
        : this(topicName, 100, 1000)
    {
    }

    /// <inheritdoc/>
    public int MaxMessagesCount { get; }

    /// <inheritdoc/>
    public int MaxAwaitDurationMs { get; }

    /// <inheritdoc/>
    public string TopicName { get; }
}
