#nullable disable
using Dapr;
using Dapr.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Subscriptions of endpoints.</summary>
public static class DaprEndpointConventionBuilderExtensions
{
    /// <summary>Subscribes an endpoint to a topic.</summary>
    public static T WithTopic<T>(this T builder, string pubsubName, string name)
        where T : IEndpointConventionBuilder => builder.WithTopic(pubsubName, name, enableRawPayload: false);

    /// <summary>Subscribes an endpoint to a topic, with metadata.</summary>
    public static T WithTopic<T>(this T builder, string pubsubName, string name, IDictionary<string, string> metadata)
        where T : IEndpointConventionBuilder => builder.WithTopic(pubsubName, name, enableRawPayload: false, metadata);

    /// <summary>Subscribes an endpoint to a topic whose messages may be no cloud events.</summary>
    public static T WithTopic<T>(this T builder, string pubsubName, string name, bool enableRawPayload)
        where T : IEndpointConventionBuilder => builder.WithTopic(pubsubName, name, enableRawPayload, metadata: null);

    /// <summary>Subscribes an endpoint to a topic, with metadata; its messages may be no cloud events.</summary>
    public static T WithTopic<T>(this T builder, string pubsubName, string name, bool enableRawPayload, IDictionary<string, string> metadata)
        where T : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrEmpty(pubsubName);
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.WithMetadata(new TopicAttribute(pubsubName, name, enableRawPayload));
        return builder.WithPairs(metadata);
    }

    /// <summary>Subscribes an endpoint as the options say.</summary>
    public static T WithTopic<T>(this T builder, TopicOptions topicOptions)
        where T : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(topicOptions);
        ArgumentException.ThrowIfNullOrEmpty(topicOptions.PubsubName);
        ArgumentException.ThrowIfNullOrEmpty(topicOptions.Name);

        // The separator is not copied, as in the official package: services must not learn to rely on it here.
        builder.WithMetadata(new TopicAttribute(topicOptions.PubsubName, topicOptions.Name, topicOptions.EnableRawPayload)
        {
            Match = topicOptions.Match,
            Priority = topicOptions.Priority,
            OwnedMetadatas = topicOptions.OwnedMetadatas,
            DeadLetterTopic = topicOptions.DeadLetterTopic,
        });
        return builder.WithPairs(topicOptions.Metadata);
    }

    /// <summary>Delivers a topic of the endpoint many messages at a time.</summary>
    public static T WithBulkSubscribe<T>(this T builder, BulkSubscribeTopicOptions bulkSubscribeTopicOptions)
        where T : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(bulkSubscribeTopicOptions);
        builder.WithMetadata(new BulkSubscribeAttribute(
            bulkSubscribeTopicOptions.TopicName, bulkSubscribeTopicOptions.MaxMessagesCount, bulkSubscribeTopicOptions.MaxAwaitDurationMs));
        return builder;
    }

    private static T WithPairs<T>(this T builder, IDictionary<string, string> pairs)
        where T : IEndpointConventionBuilder
    {
        foreach (var (name, value) in pairs ?? new Dictionary<string, string>())
        {
            builder.WithMetadata(new TopicMetadataAttribute(name, value));
        }

        return builder;
    }
}
