#nullable disable
using System.Diagnostics.CodeAnalysis;

namespace Dapr
{
    /// <summary>An endpoint's subscription.</summary>
    public interface ITopicMetadata
    {
        /// <summary>The topic.</summary>
        string Name { get; }

        /// <summary>The pub/sub component.</summary>
        string PubsubName { get; }

        /// <summary>Expression that chooses the events; null: all that nobody else takes.</summary>
        string Match { get; }

        /// <summary>Lower goes first.</summary>
        int Priority { get; }
    }

    /// <summary>Whether messages are no cloud events.</summary>
    public interface IRawTopicMetadata
    {
        /// <summary>True when they are not.</summary>
        bool? EnableRawPayload { get; }
    }

    /// <summary>A pair of a subscription's metadata.</summary>
    public interface IOriginalTopicMetadata
    {
        /// <summary>Topics name it by this; null: it is for all.</summary>
        string Id { get; }

        /// <summary>The key.</summary>
        string Name { get; }

        /// <summary>The value.</summary>
        string Value { get; }
    }

    /// <summary>Which pairs of metadata belong to a topic.</summary>
    public interface IOwnedOriginalTopicMetadata
    {
        /// <summary>Ids of the pairs.</summary>
        [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
        string[] OwnedMetadatas { get; }

        /// <summary>What joins values of the same key.</summary>
        string MetadataSeparator { get; }
    }

    /// <summary>Where messages go that nobody could handle.</summary>
    public interface IDeadLetterTopicMetadata
    {
        /// <summary>The topic; null: none.</summary>
        string DeadLetterTopic { get; }
    }

    /// <summary>A subscription as options.</summary>
    public class TopicOptions
    {
        /// <summary>Metadata of the subscription.</summary>
        [SuppressMessage("Design", "CA1051", Justification = "A field in the official type.")]
        public IDictionary<string, string> Metadata;

        /// <summary>The topic.</summary>
        public string Name { get; set; }

        /// <summary>The pub/sub component.</summary>
        public string PubsubName { get; set; }

        /// <summary>Whether messages are no cloud events.</summary>
        public bool EnableRawPayload { get; set; }

        /// <summary>Expression that chooses the events.</summary>
        public string Match { get; set; }

        /// <summary>Lower goes first.</summary>
        public int Priority { get; set; }

        /// <summary>Ids of metadata pairs that belong to it.</summary>
        [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
        public string[] OwnedMetadatas { get; set; }

        /// <summary>What joins values of the same key.</summary>
        public string MetadataSeparator { get; set; }

        /// <summary>Where messages go that nobody could handle.</summary>
        public string DeadLetterTopic { get; set; }
    }

    /// <summary>A pair of metadata for the subscriptions of an action.</summary>
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    public class TopicMetadataAttribute : Attribute, IOriginalTopicMetadata
    {
        /// <summary>A pair for every topic of the action.</summary>
        public TopicMetadataAttribute(string name, string value)
            : this(id: null, name, value)
        {
        }

        /// <summary>A pair for topics that name its id.</summary>
        public TopicMetadataAttribute(string id, string name, string value)
        {
            Id = id;
            Name = name;
            Value = value;
        }

        /// <inheritdoc/>
        public string Id { get; }

        /// <inheritdoc/>
        public string Name { get; }

        /// <inheritdoc/>
        public string Value { get; }
    }
}

namespace Dapr.AspNetCore
{
    /// <summary>An endpoint that takes messages of a topic many at a time.</summary>
    public interface IBulkSubscribeMetadata
    {
        /// <summary>At most so many.</summary>
        int MaxMessagesCount { get; }

        /// <summary>Waits at most so many milliseconds for them.</summary>
        int MaxAwaitDurationMs { get; }

        /// <summary>The topic.</summary>
        string TopicName { get; }
    }
}
