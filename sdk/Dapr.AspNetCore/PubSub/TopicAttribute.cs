#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr;

/// <summary>Subscribes an action to a topic; may repeat.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
[SuppressMessage("Performance", "CA1813", Justification = "The official type is open.")]
[SuppressMessage("Design", "CA1019", Justification = "The official type has setters.")]
public class TopicAttribute : Attribute, ITopicMetadata, IRawTopicMetadata, IOwnedOriginalTopicMetadata, IDeadLetterTopicMetadata
{
    /// <summary>All events of a topic.</summary>
    public TopicAttribute(string pubsubName, string name, string[] ownedMetadatas = null, string metadataSeparator = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pubsubName);
        ArgumentException.ThrowIfNullOrEmpty(name);
        PubsubName = pubsubName;
        Name = name;
        OwnedMetadatas = ownedMetadatas;
        MetadataSeparator = metadataSeparator;
    }

    /// <summary>All messages of a topic, which may be no cloud events.</summary>
    public TopicAttribute(string pubsubName, string name, bool enableRawPayload, string[] ownedMetadatas = null, string metadataSeparator = null)
        : this(pubsubName, name, ownedMetadatas, metadataSeparator) =>
        EnableRawPayload = enableRawPayload;

    /// <summary>Events of a topic that fit an expression.</summary>
    public TopicAttribute(string pubsubName, string name, string match, int priority, string[] ownedMetadatas = null, string metadataSeparator = null)
        : this(pubsubName, name, ownedMetadatas, metadataSeparator)
    {
        Match = match;
        Priority = priority;
    }

    /// <summary>Messages of a topic that fit an expression; they may be no cloud events.</summary>
    public TopicAttribute(
        string pubsubName, string name, bool enableRawPayload, string match, int priority, string[] ownedMetadatas = null, string metadataSeparator = null)
        : this(pubsubName, name, match, priority, ownedMetadatas, metadataSeparator) =>
        EnableRawPayload = enableRawPayload;

    /// <summary>All messages of a topic, with a place for those that nobody could handle.</summary>
    public TopicAttribute(
        string pubsubName, string name, string deadLetterTopic, bool enableRawPayload, string[] ownedMetadatas = null, string metadataSeparator = null)
        : this(pubsubName, name, enableRawPayload, ownedMetadatas, metadataSeparator) =>
        DeadLetterTopic = deadLetterTopic;

    /// <inheritdoc/>
    public string Name { get; set; }

    /// <inheritdoc/>
    public string PubsubName { get; set; }

    /// <inheritdoc/>
    public bool? EnableRawPayload { get; set; }

    /// <inheritdoc/>
    public new string Match { get; set; }

    /// <inheritdoc/>
    public int Priority { get; set; }

    /// <inheritdoc/>
    [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
    public string[] OwnedMetadatas { get; set; }

    /// <inheritdoc/>
    public string MetadataSeparator { get; set; }

    /// <inheritdoc/>
    public string DeadLetterTopic { get; set; }
}
