using EmbeddedSidecar.Api;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.PubSub;

/// <summary>Every way publishing says no, in Dapr's words.</summary>
internal static class PubSubErrors
{
    public static DaprException NotFound(string component) =>
        Rich("ERR_PUBSUB_NOT_FOUND", 404, StatusCode.InvalidArgument, $"pubsub {component} is not found", "DAPR_PUBSUB_NOT_FOUND", null);

    public static DaprException NameEmpty() =>
        Rich("ERR_PUBSUB_EMPTY", 404, StatusCode.InvalidArgument, "pubsub name is empty", "DAPR_PUBSUB_NAME_EMPTY", "");

    public static DaprException TopicEmpty(string component) =>
        Rich("ERR_TOPIC_NAME_EMPTY", 404, StatusCode.InvalidArgument, $"topic is empty in pubsub {component}", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", component);

    public static DaprException Forbidden(string component, string topic, string appId) =>
        Rich("ERR_PUBSUB_FORBIDDEN", 403, StatusCode.PermissionDenied, $"topic {topic} is not allowed for app id {appId}", "DAPR_PUBSUB_FORBIDDEN", component,
            about: new Dictionary<string, string> { ["topic"] = topic, ["error"] = $"topic {topic} is not allowed for app id {appId}" });

    public static DaprException NotPublished(string component, string topic, Exception why) =>
        Rich("ERR_PUBSUB_PUBLISH_MESSAGE", 500, StatusCode.Internal, $"error when publishing to topic {topic} in pubsub {component}: {why.Message}", "DAPR_PUBSUB_PUBLISH_MESSAGE", component, why,
            new Dictionary<string, string> { ["topic"] = topic, ["error"] = why.Message });

    public static DaprException BadMetadata(string component, string why) =>
        Rich("ERR_PUBSUB_REQUEST_METADATA", 400, StatusCode.InvalidArgument, $"failed deserializing metadata. Error: {why}", "DAPR_PUBSUB_METADATA_DESERIALIZATION", component);

    public static DaprException NoCloudEvent(string appId, string component, Exception why) =>
        Rich("ERR_PUBSUB_CLOUD_EVENTS_SER", 500, StatusCode.InvalidArgument, "cannot create cloudevent", "DAPR_PUBSUB_CLOUD_EVENT_CREATION", component, why, Of(appId, why.Message));

    public static DaprException BadEvent(string appId, string component, string topic, string why) =>
        Rich("ERR_PUBSUB_EVENTS_SER", 400, StatusCode.InvalidArgument, $"error when marshalling cloud event envelope for topic {topic} pubsub {component}: {why}", "DAPR_PUBSUB_MARSHAL_ENVELOPE", component,
            about: Of(appId, why));

    public static DaprException BadEntryIds(string appId, string component, string topic)
    {
        const string why = "entryId is duplicated or not present for entry";
        return Rich("ERR_PUBSUB_EVENTS_SER", 400, StatusCode.InvalidArgument, $"error marshaling events to bytes for topic {topic} pubsub {component}. error: {why}", "DAPR_PUBSUB_MARSHAL_EVENTS", component,
            about: Of(appId, why));
    }

    public static DaprException BadBulk(string appId, string component, string topic, string why) =>
        Rich("ERR_PUBSUB_EVENTS_SER", 400, StatusCode.InvalidArgument, $"error when unmarshaling the request for topic {topic} pubsub {component}: {why}", "DAPR_PUBSUB_UNMARSHAL_EVENTS", component,
            about: new Dictionary<string, string> { ["appID"] = appId });

    private static Dictionary<string, string> Of(string appId, string why) => new() { ["appID"] = appId, ["error"] = why };

    private static DaprException Rich(
        string code, int http, StatusCode grpc, string message, string reason, string? component, Exception? inner = null,
        IReadOnlyDictionary<string, string>? about = null) =>
        new(code, http, grpc, message, inner)
        {
            Reason = reason, ErrorMetadata = about ?? new Dictionary<string, string>(), ResourceType = "pubsub", ResourceName = component, ResourceDescription = component is null ? "" : message,
        };
}
